#include "engine/request_timeline.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace youtu {
namespace {

// As with the stream of events: a request may ask for a million tokens and end after ten.
constexpr int64_t kMaxReservedGaps = 4096;

// The smallest value that at least `fraction` of all are not above; 0 of none.
double quantile(std::vector<float> values, double fraction) {
  if (values.empty()) return 0;
  const double rank = std::ceil(fraction * static_cast<double>(values.size()));
  const auto nth = values.begin() + std::max<ptrdiff_t>(0, static_cast<ptrdiff_t>(rank) - 1);
  std::nth_element(values.begin(), nth, values.end());
  return *nth;
}

}  // namespace

RequestTimeline::RequestTimeline(TimePoint arrival, int64_t max_new_tokens) : arrival_(arrival) {
  CHECK(max_new_tokens >= 1);
  prefill_chunks_.reserve(kMaxPrefillChunks);
  gaps_.reserve(static_cast<size_t>(std::min(max_new_tokens, kMaxReservedGaps)));
}

void RequestTimeline::add_step(TimePoint begin, TimePoint end, int32_t num_tokens,
                               int32_t num_sampled) {
  ++num_steps_;
  if (!first_step_) first_step_ = begin;
  if (!first_token_) {
    prefill_tokens_ += num_tokens;
    ++num_prefill_chunks_;
    if (prefill_chunks_.size() < kMaxPrefillChunks) {
      prefill_chunks_.push_back({.tokens = num_tokens, .seconds = seconds_between(begin, end)});
    }
  }
  if (num_sampled == 0) return;
  if (!first_token_) first_token_ = end;
  // Tokens of one step come together: all but the first of them without a wait.
  if (last_token_) gaps_.push_back(static_cast<float>(seconds_between(*last_token_, end)));
  for (int32_t i = 1; i < num_sampled; ++i) gaps_.push_back(0);
  last_token_ = end;
}

void RequestTimeline::add_draft(int32_t num_guessed, int32_t num_right) {
  draft_tokens_ += num_guessed;
  accepted_draft_tokens_ += num_right;
}

RequestTimings RequestTimeline::account(TimePoint now) const {
  RequestTimings timings;
  timings.queue_seconds = seconds_between(arrival_, first_step_.value_or(now));
  if (first_step_)
    timings.prefill_seconds = seconds_between(*first_step_, first_token_.value_or(now));
  if (first_token_) {
    timings.decode_seconds = seconds_between(*first_token_, *last_token_);
    timings.delivery_seconds = seconds_between(*last_token_, now);
  }
  timings.detokenize_seconds = std::chrono::duration<double>(detokenize_).count();
  timings.prefill_chunks = prefill_chunks_;
  timings.num_prefill_chunks = num_prefill_chunks_;
  timings.prefill_tokens = prefill_tokens_;
  timings.num_steps = num_steps_;
  timings.num_preemptions = num_preemptions_;
  timings.draft_tokens = draft_tokens_;
  timings.accepted_draft_tokens = accepted_draft_tokens_;
  timings.inter_token_p50_seconds = quantile(gaps_, 0.50);
  timings.inter_token_p99_seconds = quantile(gaps_, 0.99);
  return timings;
}

}  // namespace youtu
