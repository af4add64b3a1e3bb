// When things happened to a request, and what of it is told in the end. It is told times and asks
// no clock itself.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "youtu/stats.h"

namespace youtu {

// Engine thread only, after construction.
class RequestTimeline {
 public:
  // REQUIRES: max_new_tokens >= 1.
  RequestTimeline(TimePoint arrival, int64_t max_new_tokens);

  // A step from `begin` to `end` computed `num_tokens` of its tokens and sampled `num_sampled`.
  void add_step(TimePoint begin, TimePoint end, int32_t num_tokens, int32_t num_sampled);
  // A step checked so many guesses.
  void add_draft(int32_t num_guessed, int32_t num_right);
  // What was told, or thought, beforehand of the time from arrival to first token.
  void predict_first_token(double seconds) { predicted_first_token_ = seconds; }
  std::optional<double> predicted_first_token() const { return predicted_first_token_; }
  void add_preemption() { ++num_preemptions_; }
  void add_detokenize(Duration duration) { detokenize_ += duration; }

  TimePoint arrival() const { return arrival_; }
  std::optional<TimePoint> last_token() const { return last_token_; }

  // The account as of `now`, the time of the last event.
  RequestTimings account(TimePoint now) const;

 private:
  TimePoint arrival_;
  std::optional<double> predicted_first_token_;
  std::optional<TimePoint> first_step_;
  std::optional<TimePoint> first_token_;
  std::optional<TimePoint> last_token_;
  Duration detokenize_{};
  std::vector<PrefillChunk> prefill_chunks_;
  int64_t num_prefill_chunks_ = 0;
  int64_t prefill_tokens_ = 0;
  int64_t num_steps_ = 0;
  int64_t num_preemptions_ = 0;
  int64_t draft_tokens_ = 0;
  int64_t accepted_draft_tokens_ = 0;
  std::vector<float> gaps_;  // seconds between tokens
};

}  // namespace youtu
