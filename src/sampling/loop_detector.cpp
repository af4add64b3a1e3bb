#include "sampling/loop_detector.h"

#include <algorithm>

namespace youtu {

std::optional<Repetition> LoopDetector::append(TokenId token) {
  std::optional<Repetition> found;
  const int32_t num_periods = static_cast<int32_t>(std::min<int64_t>(num_tokens_, kMaxLoopPeriod));
  for (int32_t period = 1; period <= num_periods; ++period) {
    const int32_t before = (position_ - period + kMaxLoopPeriod) % kMaxLoopPeriod;
    int32_t& matches = matches_[static_cast<size_t>(period - 1)];
    matches = recent_[static_cast<size_t>(before)] == token ? matches + 1 : 0;
    const int64_t num_tokens = int64_t{matches} + period;  // that the pattern fills
    if (found || num_tokens < kMinLoopTokens || num_tokens < kMinLoopCount * period) continue;
    found = {.period = period, .count = num_tokens / period};
  }
  recent_[static_cast<size_t>(position_)] = token;
  position_ = (position_ + 1) % kMaxLoopPeriod;
  ++num_tokens_;
  return found;
}

}  // namespace youtu
