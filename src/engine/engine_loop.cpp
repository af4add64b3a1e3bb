#include "engine/engine_loop.h"

#include "base/numbers.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace youtu {

EngineLoop::EngineLoop(const EngineLoopOptions& options, StepExecutor& executor, Inbox& inbox,
                       StatsBoard& board, StepWatch& watch, const Clock& clock)
    : options_(options.scheduler),
      rules_(options.rules),
      newest_rules_(options.rules),
      inbox_(inbox),
      board_(board),
      watch_(watch),
      clock_(clock),
      scheduler_(options.scheduler),
      runner_(executor, options.scheduler.max_batch_size, options.scheduler.max_step_tokens),
      costs_(options.scheduler.max_step_tokens) {
  post_stats();
}

void EngineLoop::run() {
  for (;;) {
    if (!scheduler_.has_work()) {
      recorder_.record_idle();
      wait_for_work();
    }
    if (inbox_.is_stopped()) break;
    rules_ = newest_rules();
    take_arrivals();
    scheduler_.look_at_readers(clock_.now());
    if (scheduler_.has_work()) run_step();
    tell();
  }
  take_arrivals();
  scheduler_.finish_all(FinishReason::kCancelled);
  tell();
}

void EngineLoop::wait_for_work() {
  // A reader that catches up does not call. Meanwhile nobody else has anything to do.
  constexpr std::chrono::milliseconds kPausedInterval{10};
  if (scheduler_.num_paused() > 0) return inbox_.wait_for(1, kPausedInterval);
  inbox_.wait();
  const std::chrono::milliseconds batch_timeout = newest_rules().batch_timeout;
  if (batch_timeout.count() > 0) {
    inbox_.wait_for(static_cast<size_t>(options_.max_batch_size), batch_timeout);
  }
}

void EngineLoop::set_rules(const LoopRules& rules) {
  const std::scoped_lock lock(rules_mutex_);
  newest_rules_ = rules;
}

LoopRules EngineLoop::newest_rules() const {
  const std::scoped_lock lock(rules_mutex_);
  return newest_rules_;
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
    const TimePoint begin = clock_.now();
    const StepPlan& plan = scheduler_.plan(allowance());
    watch_.begin(begin, step_limit(plan));
    const StepResult& result = runner_.run(plan);
    const TimePoint end = clock_.now();
    // One that hung, or moved rows of the cache, says nothing of what steps cost.
    if (!watch_.is_overdue(end) && plan.slides.empty())
      costs_.observe(size_of(plan), seconds_between(begin, end));
    recorder_.record_step(plan, result, begin, end);
    scheduler_.commit(plan, result);
  } catch (const std::exception& error) {
    scheduler_.finish_all(
        FinishReason::kError,
        Status::internal(std::string("the engine's step failed: ") + error.what()));
  }
  watch_.end();
}

// What is slow is not stuck: a long step has longer.
Duration EngineLoop::step_limit(const StepPlan& plan) const {
  constexpr double kSlack = 20;
  constexpr int32_t kUnknownRows = 64;  // as long as nothing is known, so many have the time of one
  if (rules_.step_timeout.count() == 0) return std::chrono::hours(24 * 365);
  if (!costs_.has_observations()) {
    return rules_.step_timeout * std::max(1, div_ceil(plan.num_tokens, kUnknownRows));
  }
  const std::chrono::duration<double> usual(costs_.predict(size_of(plan)));
  return rules_.step_timeout + std::chrono::duration_cast<Duration>(kSlack * usual);
}

StepAllowance EngineLoop::allowance() const {
  const int32_t most = options_.max_step_tokens;
  const int64_t prompt_rows =
      rules_.prefill_slowdown > 1
          ? prompt_rows_beside(costs_, scheduler_.streams(), scheduler_.prompt_context(),
                               rules_.prefill_slowdown, most)
          : most;
  return {.max_prompt_tokens = static_cast<int32_t>(prompt_rows),
          .draft_costs = rules_.speculation ? &costs_ : nullptr};
}

// The order matters. Once a reader has a last event it may look at the stats or submit again, so
// the numbers and the place must be right before that.
void EngineLoop::tell() {
  const int64_t num_finished = static_cast<int64_t>(scheduler_.unpublished().size());
  for (const auto& sequence : scheduler_.unpublished()) {
    recorder_.record_finished(*sequence, clock_.now());
  }
  inbox_.give_back_places(num_finished);
  const int64_t num_dequeued = scheduler_.counters().dequeued_tokens;
  inbox_.take_from_queue(num_dequeued - std::exchange(num_dequeued_tokens_, num_dequeued));
  post_stats();
  const bool has_events = scheduler_.publish();
  inbox_.mark_finished(num_finished);
  if (has_events && listener_) listener_();
}

void EngineLoop::post_stats() {
  const SchedulerCounters& counters = scheduler_.counters();
  EngineStats stats = recorder_.stats();
  stats.requests_running = scheduler_.num_running();
  stats.requests_paused = scheduler_.num_paused();
  stats.requests_waiting = scheduler_.num_waiting();
  stats.tokens_waiting = inbox_.num_queued_tokens();
  stats.blocks_total = scheduler_.blocks().num_blocks();
  stats.blocks_in_use = scheduler_.blocks().num_in_use();
  stats.blocks_cached = scheduler_.blocks().num_cached();
  stats.prompt_tokens = counters.prompt_tokens;
  stats.completion_tokens = counters.completion_tokens;
  stats.prefix_queried_tokens = counters.prefix_queried_tokens;
  stats.prefix_hit_tokens = counters.prefix_hit_tokens;
  stats.preemptions = counters.preemptions;
  stats.requests_finished = counters.requests_finished;
  board_.post(stats, forecast());
}

LoadForecast EngineLoop::forecast() const {
  LoadForecast forecast = {.max_batch_size = options_.max_batch_size,
                           .num_requests = scheduler_.num_running() + scheduler_.num_waiting(),
                           .num_prompt_tokens = scheduler_.num_unread_tokens(),
                           .num_waiting = scheduler_.num_waiting(),
                           .num_waiting_tokens = inbox_.num_queued_tokens(),
                           .seconds_between_ends = recorder_.seconds_between_ends()};
  if (!costs_.has_observations()) return forecast;
  const StepSize streams = scheduler_.streams();
  const int64_t rows = allowance().max_prompt_tokens;
  const StepSize step = {.rows = streams.rows + rows,
                         .pairs = streams.pairs + rows * (scheduler_.prompt_context() + rows / 2)};
  forecast.seconds_per_prompt_token = costs_.predict(step) / static_cast<double>(rows);
  forecast.seconds_per_step = costs_.predict({.rows = streams.rows + 1, .pairs = streams.pairs});
  return forecast;
}

}  // namespace youtu
