// Notices a step that does not come back. A step cannot be interrupted: somebody else must see that
// it hangs, say so, and let those go who wait for it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "engine/generation_stream.h"
#include "engine/step_watch.h"

namespace youtu {

// The streams that somebody may be waiting for. Thread-safe.
class OpenStreams {
 public:
  void add(const std::shared_ptr<BoundedGenerationStream>& stream);
  // Ends all that have not ended.
  void abandon_all(const Status& status);

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<BoundedGenerationStream>> streams_;
  size_t prune_at_ = 64;  // those that are gone are removed when there are so many
};

struct WatchdogOptions {
  std::chrono::milliseconds step_timeout{0};  // for the words of the error
  std::chrono::milliseconds interval{1000};   // between two looks
};

// A thread of its own looks at the watch now and then.
class Watchdog {
 public:
  // REQUIRES: watch, streams and clock outlive the watchdog.
  Watchdog(const WatchdogOptions& options, const StepWatch& watch, OpenStreams& streams,
           const Clock& clock);
  ~Watchdog();

  // Ok, or that the step which runs is stuck.
  Status health() const;
  // How many steps were.
  int64_t num_stuck() const { return num_stuck_; }
  // For the words of the error. Thread-safe.
  void set_step_timeout(std::chrono::milliseconds timeout) { step_timeout_ms_ = timeout.count(); }
  void set_report(std::function<void(const std::string& line)> report);
  // What the thread does each time.
  void look();

 private:
  void run();

  const WatchdogOptions options_;
  std::atomic<int64_t> step_timeout_ms_;
  const StepWatch& watch_;
  OpenStreams& streams_;
  const Clock& clock_;
  std::atomic<int64_t> num_stuck_ = 0;

  std::mutex look_mutex_;  // guards the three below
  bool was_stuck_ = false;
  TimePoint noticed_;
  std::function<void(const std::string& line)> report_;

  std::mutex stop_mutex_;  // guards is_stopped_
  std::condition_variable stopped_;
  bool is_stopped_ = false;
  std::thread thread_;  // last, so that all that it uses is there first
};

}  // namespace youtu
