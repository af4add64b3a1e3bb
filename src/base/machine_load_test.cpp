// What is read out of /proc, also out of text that is not what it should be.

#include "base/machine_load.h"

#include <gtest/gtest.h>

namespace youtu {
namespace {

TEST(CpuTimesOfStat, AddsAllButTheGuests) {
  const auto times = parse_cpu_times("cpu  10 20 30 400 5 6 7 80 9 9\ncpu0 1 2 3 4 5 6 7 8 9 9\n");
  ASSERT_TRUE(times);
  EXPECT_EQ(*times, (CpuTimes{.total = 558, .idle = 405, .stolen = 80}));
}

TEST(CpuTimesOfStat, IsNothingForOtherText) {
  for (const char* text :
       {"", "cpu", "cpu  1 2 3", "cpu0 1 2 3 4 5 6 7 8", "cpu a b c d e f g h"}) {
    EXPECT_FALSE(parse_cpu_times(text)) << text;
  }
}

TEST(LoadAverage, IsTheFirstNumber) {
  EXPECT_EQ(parse_load_average("6.39 3.96 1.94 7/123 9608\n"), 6.39);
  EXPECT_FALSE(parse_load_average(""));
  EXPECT_FALSE(parse_load_average("busy"));
  EXPECT_FALSE(parse_load_average("-1 0 0"));
}

TEST(CpuModel, IsTheFirstNameGiven) {
  EXPECT_EQ(parse_cpu_model("processor\t: 0\nmodel name\t: Some CPU 9000\nmodel name\t: Other\n"),
            "Some CPU 9000");
  EXPECT_FALSE(parse_cpu_model("processor : 0\nmodel name\t:\nmodel name"));
  EXPECT_FALSE(parse_cpu_model(""));
}

TEST(LoadWatchOfThisMachine, GivesShares) {
  const LoadWatch watch;
  const MachineLoad load = watch.read();
  for (const auto& share : {load.others_share, load.stolen_share}) {
    EXPECT_TRUE(!share || (*share >= 0 && *share <= 1));
  }
}

}  // namespace
}  // namespace youtu
