#include "engine/stats_recorder.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace youtu {
namespace {

// How much one time between two ends counts against those before it.
constexpr double kEndRate = 0.1;

}  // namespace

void StatsRecorder::record_step(const StepPlan& plan, const StepResult& result, TimePoint begin,
                                TimePoint end) {
  CHECK(plan.sequences.size() == result.outcomes.size());
  ++stats_.steps;
  stats_.histograms.step_tokens.observe(plan.num_tokens);
  for (size_t i = 0; i < plan.sequences.size(); ++i) {
    const PlannedSequence& planned = plan.sequences[i];
    RequestTimeline& timeline = planned.sequence->timeline();
    const int32_t num_sampled = result.outcomes[i].num_sampled;
    if (num_sampled > 0) record_token(timeline, end);
    timeline.add_step(begin, end, planned.num_new_tokens, num_sampled);
    if (planned.num_draft_tokens == 0) continue;
    const int32_t num_right = std::max(0, num_sampled - 1);
    timeline.add_draft(planned.num_draft_tokens, num_right);
    ++stats_.drafts;
    stats_.draft_tokens += planned.num_draft_tokens;
    stats_.accepted_draft_tokens += num_right;
  }
}

void StatsRecorder::record_token(const RequestTimeline& timeline, TimePoint end) {
  EngineHistograms& histograms = stats_.histograms;
  if (const auto last = timeline.last_token()) {
    histograms.inter_token_latency.observe(seconds_between(*last, end));
  } else {
    const double seconds = seconds_between(timeline.arrival(), end);
    histograms.time_to_first_token.observe(seconds);
    if (const auto predicted = timeline.predicted_first_token()) {
      histograms.first_token_error.observe(std::abs(seconds - *predicted));
    }
  }
}

void StatsRecorder::record_finished(Sequence& sequence, TimePoint now) {
  count_reason(sequence.finish_reason());
  record_end(now);
  RequestTimings timings = sequence.timeline().account(now);
  EngineHistograms& histograms = stats_.histograms;
  const int64_t num_generated = sequence.num_completion_tokens();
  if (num_generated > 0) {
    histograms.e2e_latency.observe(timings.total_seconds());
    histograms.queue_time.observe(timings.queue_seconds);
    histograms.inference_time.observe(timings.prefill_seconds + timings.decode_seconds);
    histograms.prefill_time.observe(timings.prefill_seconds);
    histograms.decode_time.observe(timings.decode_seconds);
    histograms.prompt_tokens.observe(static_cast<double>(sequence.num_prompt_tokens()));
    histograms.generation_tokens.observe(static_cast<double>(num_generated));
    histograms.max_tokens.observe(static_cast<double>(sequence.sampling().max_new_tokens));
    histograms.prefill_tokens.observe(static_cast<double>(timings.prefill_tokens));
  }
  if (num_generated > 1) {
    histograms.time_per_output_token.observe(timings.decode_seconds /
                                             static_cast<double>(num_generated - 1));
  }
  sequence.stage_timings(std::move(timings));
}

// The first of several that end together waited for them all.
void StatsRecorder::record_end(TimePoint now) {
  if (last_end_) {
    const double seconds = seconds_between(*last_end_, now);
    const bool is_first = seconds_between_ends_ == 0;
    seconds_between_ends_ += (is_first ? 1.0 : kEndRate) * (seconds - seconds_between_ends_);
  }
  last_end_ = now;
}

void StatsRecorder::count_reason(FinishReason reason) {
  switch (reason) {
    case FinishReason::kNone:
      CHECK(false);
      return;
    case FinishReason::kEndOfSequence:
    case FinishReason::kStopString:
    case FinishReason::kRepetition:
      ++stats_.finished_stop;
      return;
    case FinishReason::kLength:
      ++stats_.finished_length;
      return;
    case FinishReason::kCancelled:
      ++stats_.finished_cancelled;
      return;
    case FinishReason::kError:
      ++stats_.finished_error;
      return;
  }
}

}  // namespace youtu
