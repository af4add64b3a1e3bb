// The time by which sessions grow old. A wall clock may jump by years, and a session must not die
// of it: while the program runs, age is the steady clock's; over a restart it is what the wall
// clock says, if that is no more than a day. A longer gap is not counted unless somebody says that
// the clock is right.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace youtu {

class SessionAge {
 public:
  // What is kept over a restart.
  struct Mark {
    int64_t age_ms = 0;
    int64_t wall_ms = 0;
  };
  // REQUIRES: `clock` outlives this.
  SessionAge(const WallClock& clock, std::optional<Mark> last, bool trust_clock);

  int64_t now_ms() const;
  Mark mark() const { return {now_ms(), clock_.wall_ms()}; }
  // The gap since the last mark that was not counted; negative where the clock went back.
  int64_t uncounted_ms() const { return uncounted_ms_; }

 private:
  const WallClock& clock_;
  TimePoint begin_;
  int64_t age_begin_ms_ = 0;
  int64_t uncounted_ms_ = 0;
};

}  // namespace youtu
