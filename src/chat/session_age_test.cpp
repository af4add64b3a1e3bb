#include "chat/session_age.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace youtu {
namespace {

constexpr int64_t kHour = 3'600'000;
constexpr int64_t kDay = 24 * kHour;

TEST(SessionAge, RunsWithTheSteadyClockWhateverTheOtherDoes) {
  SCOPED_TRACE("O04");
  test::FakeClock clock;
  SessionAge age(clock, std::nullopt, false);
  for (const int64_t jump : {kHour, -kHour, 3650 * kDay, -30'000 * kDay}) {
    const int64_t before = age.now_ms();
    clock.jump(jump);
    EXPECT_EQ(age.now_ms(), before);
    clock.advance(100);
    EXPECT_EQ(age.now_ms(), before + 100);
  }
}

TEST(SessionAge, CountsARestartOfUpToADay) {
  test::FakeClock clock;
  const SessionAge first(clock, std::nullopt, false);
  clock.advance(kHour);
  const SessionAge::Mark mark = first.mark();
  clock.advance(kDay);
  const SessionAge second(clock, mark, false);
  EXPECT_EQ(second.now_ms(), kHour + kDay);
  EXPECT_EQ(second.uncounted_ms(), 0);
  clock.advance(1);
  const SessionAge third(clock, mark, false);
  EXPECT_EQ(third.now_ms(), kHour);
  EXPECT_EQ(third.uncounted_ms(), kDay + 1);
  const SessionAge trusting(clock, mark, true);
  EXPECT_EQ(trusting.now_ms(), kHour + kDay + 1);
}

TEST(SessionAge, TimeNeverGoesBack) {
  test::FakeClock clock;
  const SessionAge::Mark mark = {5 * kHour, clock.wall_ms() + kHour};
  for (const bool trust : {false, true}) {
    const SessionAge age(clock, mark, trust);
    EXPECT_EQ(age.now_ms(), 5 * kHour);
    EXPECT_EQ(age.uncounted_ms(), -kHour);
  }
}

}  // namespace
}  // namespace youtu
