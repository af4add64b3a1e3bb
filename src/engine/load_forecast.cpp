#include "engine/load_forecast.h"

#include <algorithm>
#include <cmath>

namespace youtu {

double LoadForecast::first_token_seconds(int64_t prompt_tokens) const {
  const double read_before = static_cast<double>(num_prompt_tokens) * seconds_per_prompt_token;
  const int64_t num_ends = std::max<int64_t>(0, num_requests + 1 - max_batch_size);
  const double ends_before = static_cast<double>(num_ends) * seconds_between_ends;
  const double own = static_cast<double>(prompt_tokens) * seconds_per_prompt_token;
  return std::max(read_before, ends_before) + own + seconds_per_step;
}

double LoadForecast::tokens_seconds(int64_t prompt_tokens, int64_t max_waiting_tokens) const {
  const int64_t excess =
      std::min(num_waiting_tokens, num_waiting_tokens + prompt_tokens - max_waiting_tokens);
  if (excess <= 0 || num_waiting == 0) return 0;
  const double mean = static_cast<double>(num_waiting_tokens) / static_cast<double>(num_waiting);
  return std::ceil(static_cast<double>(excess) / mean) * seconds_between_ends;
}

}  // namespace youtu
