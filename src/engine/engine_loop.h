// The body of the engine's thread: take what has arrived, drop what nobody waits for, plan, run,
// commit, tell. Requests, cancellations and shutdown are looked at in one place, once per step;
// batching falls out of that.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "engine/inbox.h"
#include "engine/model_runner.h"
#include "engine/scheduler.h"
#include "engine/stats_board.h"
#include "engine/stats_recorder.h"
#include "engine/step_costs.h"
#include "engine/step_watch.h"

namespace youtu {

// What may change between two steps.
struct LoopRules {
  // How long an idle engine holds its first request to gather a whole batch. 0: not at all.
  std::chrono::milliseconds batch_timeout{0};
  // Prompts are read beside streams in steps at most this many times as long as the streams' own;
  // 0: as the steps have room.
  double prefill_slowdown = 0;
  bool speculation = true;
  // After which, and 20 times its usual time, a step counts as stuck; 0: never.
  std::chrono::milliseconds step_timeout{0};
};

struct EngineLoopOptions {
  SchedulerOptions scheduler;
  LoopRules rules;
};

class EngineLoop {
 public:
  // REQUIRES: executor, inbox, board, watch and clock outlive the loop.
  EngineLoop(const EngineLoopOptions& options, StepExecutor& executor, Inbox& inbox,
             StatsBoard& board, StepWatch& watch, const Clock& clock);

  // REQUIRES: nothing has been pushed into the inbox yet.
  void set_step_listener(std::function<void()> listener) { listener_ = std::move(listener); }

  // From the next step on. Thread-safe.
  void set_rules(const LoopRules& rules);

  // Runs until the inbox is stopped, then cancels what is left.
  void run();

 private:
  void take_arrivals();
  void wait_for_work();
  void run_step();
  Duration step_limit(const StepPlan& plan) const;
  StepAllowance allowance() const;
  LoadForecast forecast() const;
  void tell();
  void post_stats();

  LoopRules newest_rules() const;

  const SchedulerOptions options_;
  LoopRules rules_;  // in force in this step
  mutable std::mutex rules_mutex_;
  LoopRules newest_rules_;
  Inbox& inbox_;
  StatsBoard& board_;
  StepWatch& watch_;
  const Clock& clock_;
  Scheduler scheduler_;
  ModelRunner runner_;
  std::function<void()> listener_;
  std::vector<std::unique_ptr<Sequence>> arrivals_;
  StatsRecorder recorder_;
  int64_t num_dequeued_tokens_ = 0;  // that the inbox knows of
  StepCosts costs_;
};

}  // namespace youtu
