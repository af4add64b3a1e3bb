// How long the step that runs may still take: written by the engine's thread, looked at by others.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"

namespace youtu {

// Thread-safe.
class StepWatch {
 public:
  // A step begins at `now` that should not take longer than `limit`. Engine thread.
  void begin(TimePoint now, Duration limit) {
    deadline_ = (now + limit).time_since_epoch().count();
  }
  // It is over. Engine thread.
  void end() { deadline_ = kNone; }

  // Whether a step runs that should be over by now.
  bool is_overdue(TimePoint now) const {
    const int64_t deadline = deadline_;
    return deadline != kNone && now.time_since_epoch().count() > deadline;
  }

 private:
  static constexpr int64_t kNone = -1;
  std::atomic<int64_t> deadline_ = kNone;  // in ticks of the clock
};

}  // namespace youtu
