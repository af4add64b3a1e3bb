#include "chat/session_age.h"

#include <chrono>

namespace youtu {

namespace {

constexpr int64_t kMaxGapMs = int64_t{24} * 3600 * 1000;

}  // namespace

SessionAge::SessionAge(const WallClock& clock, std::optional<Mark> last, bool trust_clock)
    : clock_(clock), begin_(clock.now()) {
  if (!last) return;
  age_begin_ms_ = last->age_ms;
  const int64_t gap = clock.wall_ms() - last->wall_ms;
  const bool is_counted = gap >= 0 && (gap <= kMaxGapMs || trust_clock);
  (is_counted ? age_begin_ms_ : uncounted_ms_) += gap;
}

int64_t SessionAge::now_ms() const {
  const auto running = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - begin_);
  return age_begin_ms_ + running.count();
}

}  // namespace youtu
