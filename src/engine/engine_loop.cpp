#include "engine/engine_loop.h"

#include <exception>

namespace youtu {

EngineLoop::EngineLoop(const EngineLoopOptions& options, StepExecutor& executor, Inbox& inbox,
                       StatsBoard& board)
    : options_(options),
      inbox_(inbox),
      board_(board),
      scheduler_(options.scheduler),
      runner_(executor, options.scheduler.max_batch_size, options.scheduler.max_step_tokens) {
  post_stats();
}

void EngineLoop::run() {
  for (;;) {
    if (!scheduler_.has_work()) wait_for_work();
    if (inbox_.is_stopped()) break;
    take_arrivals();
    scheduler_.drop_cancelled();
    if (scheduler_.has_work()) run_step();
    tell();
  }
  take_arrivals();
  scheduler_.finish_all(FinishReason::kCancelled);
  tell();
}

void EngineLoop::wait_for_work() {
  inbox_.wait();
  if (options_.batch_timeout.count() > 0) {
    inbox_.wait_for(static_cast<size_t>(options_.scheduler.max_batch_size), options_.batch_timeout);
  }
}

void EngineLoop::take_arrivals() {
  inbox_.take(arrivals_);
  for (auto& sequence : arrivals_) scheduler_.add(std::move(sequence));
  arrivals_.clear();
}

// A library's exception, in practice an allocation that failed, costs the requests that were in the
// engine and not the process. Which of them it hit half-way cannot be known, so all of them end.
void EngineLoop::run_step() {
  try {
    const StepPlan& plan = scheduler_.plan(options_.scheduler.max_step_tokens);
    scheduler_.commit(plan, runner_.run(plan));
    ++num_steps_;
  } catch (const std::exception& error) {
    scheduler_.finish_all(
        FinishReason::kError,
        Status::internal(std::string("the engine's step failed: ") + error.what()));
  }
}

// The order matters. Once a reader has a last event it may look at the stats or submit again, so
// the numbers and the place must be right before that.
void EngineLoop::tell() {
  const int64_t num_finished = scheduler_.num_unpublished();
  inbox_.give_back_places(num_finished);
  post_stats();
  const bool has_events = scheduler_.publish();
  inbox_.mark_finished(num_finished);
  if (has_events && listener_) listener_();
}

void EngineLoop::post_stats() {
  const SchedulerCounters& counters = scheduler_.counters();
  board_.post({.requests_running = scheduler_.num_running(),
               .requests_waiting = scheduler_.num_waiting(),
               .blocks_total = scheduler_.blocks().num_blocks(),
               .blocks_in_use = scheduler_.blocks().num_in_use(),
               .blocks_cached = scheduler_.blocks().num_cached(),
               .steps = num_steps_,
               .prompt_tokens = counters.prompt_tokens,
               .completion_tokens = counters.completion_tokens,
               .prefix_queried_tokens = counters.prefix_queried_tokens,
               .prefix_hit_tokens = counters.prefix_hit_tokens,
               .preemptions = counters.preemptions,
               .requests_finished = counters.requests_finished});
}

}  // namespace youtu
