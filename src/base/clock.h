// Time behind a seam: what depends on it is tested with a clock that the test sets.
#pragma once

#include <chrono>
#include <cstdint>

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

// With the time of day beside it, which may jump in either direction.
class WallClock : public Clock {
 public:
  virtual int64_t wall_ms() const = 0;  // since 1970, UTC
};

class SystemClock final : public WallClock {
 public:
  TimePoint now() const override { return std::chrono::steady_clock::now(); }
  int64_t wall_ms() const override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  }
};

// Lives as long as the process.
inline const WallClock& system_clock() {
  static const SystemClock clock;
  return clock;
}

inline double seconds_between(TimePoint begin, TimePoint end) {
  return std::chrono::duration<double>(end - begin).count();
}

}  // namespace youtu
