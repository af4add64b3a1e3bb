// Time that only runs forwards, behind a seam: what depends on it is tested with a clock that the
// test sets.
#pragma once

#include <chrono>

namespace youtu {

using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
};

class SteadyClock final : public Clock {
 public:
  TimePoint now() const override { return std::chrono::steady_clock::now(); }
};

// Lives as long as the process.
inline const Clock& steady_clock() {
  static const SteadyClock clock;
  return clock;
}

inline double seconds_between(TimePoint begin, TimePoint end) {
  return std::chrono::duration<double>(end - begin).count();
}

}  // namespace youtu
