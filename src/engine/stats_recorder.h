// Keeps the account of time: of each request in its timeline, of all of them in histograms.
#pragma once

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

  // Steps, reasons and histograms; the rest is for the caller to fill in.
  const EngineStats& stats() const { return stats_; }

 private:
  void record_token(const RequestTimeline& timeline, TimePoint end);
  void count_reason(FinishReason reason);

  EngineStats stats_;
};

}  // namespace youtu
