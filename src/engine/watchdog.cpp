#include "engine/watchdog.h"

#include <fmt/format.h>

#include <algorithm>

namespace youtu {

void OpenStreams::add(const std::shared_ptr<BoundedGenerationStream>& stream) {
  const std::scoped_lock lock(mutex_);
  if (streams_.size() >= prune_at_) {
    std::erase_if(streams_, [](const auto& each) { return each.expired(); });
    prune_at_ = std::max(prune_at_, 2 * streams_.size());
  }
  streams_.push_back(stream);
}

void OpenStreams::abandon_all(const Status& status) {
  const std::scoped_lock lock(mutex_);
  for (const auto& each : streams_) {
    if (const auto stream = each.lock()) stream->abandon(status);
  }
}

Watchdog::Watchdog(const WatchdogOptions& options, const StepWatch& watch, OpenStreams& streams,
                   const Clock& clock)
    : options_(options),
      step_timeout_ms_(options.step_timeout.count()),
      watch_(watch),
      streams_(streams),
      clock_(clock),
      thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
  {
    const std::scoped_lock lock(stop_mutex_);
    is_stopped_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

Status Watchdog::health() const {
  if (!watch_.is_overdue(clock_.now())) return Status::ok();
  return {StatusCode::kUnavailable,
          fmt::format("a step of the engine does not come back (step_timeout is {} ms)",
                      step_timeout_ms_.load()),
          {},
          "step_stuck"};
}

void Watchdog::set_report(std::function<void(const std::string& line)> report) {
  const std::scoped_lock lock(look_mutex_);
  report_ = std::move(report);
}

// While a step is stuck each look ends what has come since the last one.
void Watchdog::look() {
  const std::scoped_lock lock(look_mutex_);
  const Status status = health();
  if (!status) streams_.abandon_all(status);
  if (status.is_ok() != was_stuck_) return;  // nothing new
  was_stuck_ = !was_stuck_;
  std::string line;
  if (was_stuck_) {
    ++num_stuck_;
    noticed_ = clock_.now();
    line = status.message() + "; the requests that were open have ended with an error";
  } else {
    line = fmt::format("the step that was stuck is over, {:.0f} s after that was noticed",
                       seconds_between(noticed_, clock_.now()));
  }
  if (report_) report_(line);
}

void Watchdog::run() {
  std::unique_lock lock(stop_mutex_);
  while (!stopped_.wait_for(lock, options_.interval, [this] { return is_stopped_; })) {
    lock.unlock();
    look();
    lock.lock();
  }
}

}  // namespace youtu
