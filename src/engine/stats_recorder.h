// Keeps the account of time: of each request in its timeline, of all of them in histograms.
#pragma once

#include <optional>

#include "base/clock.h"
#include "engine/sequence.h"
#include "engine/step.h"
#include "youtu/stats.h"

namespace youtu {

// Engine thread only.
class StatsRecorder {
 public:
  // After the step was run and before it is committed.
  void record_step(const StepPlan& plan, const StepResult& result, TimePoint begin, TimePoint end);
  // Counts the request and stages the timings that its last event will carry.
  // REQUIRES: sequence.is_finished(); once for each.
  void record_finished(Sequence& sequence, TimePoint now);

  // Nothing is left to do: what passes until the next request is no time between ends.
  void record_idle() { last_end_.reset(); }
  // Mean time between two ends of requests while there was work; 0 if unknown.
  double seconds_between_ends() const { return seconds_between_ends_; }

  // Steps, reasons and histograms; the rest is for the caller to fill in.
  const EngineStats& stats() const { return stats_; }

 private:
  void record_token(const RequestTimeline& timeline, TimePoint end);
  void count_reason(FinishReason reason);
  void record_end(TimePoint now);

  EngineStats stats_;
  std::optional<TimePoint> last_end_;
  double seconds_between_ends_ = 0;
};

}  // namespace youtu
