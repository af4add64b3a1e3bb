// A clock that a test moves.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace youtu::test {

class FakeClock : public WallClock {
 public:
  int64_t wall_ms() const override { return wall_ms_; }
  TimePoint now() const override { return TimePoint(std::chrono::milliseconds(steady_ms_)); }

  // Time passes.
  void advance(int64_t ms) {
    wall_ms_ += ms;
    steady_ms_ += ms;
  }
  // Somebody sets the clock.
  void jump(int64_t ms) { wall_ms_ += ms; }

 private:
  std::atomic<int64_t> wall_ms_{int64_t{1'780'000'000'000}};
  std::atomic<int64_t> steady_ms_{5000};
};

}  // namespace youtu::test
