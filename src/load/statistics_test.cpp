#include "load/statistics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace youtu::load {
namespace {

// numpy.percentile([1, 2, 4, 8], [25, 90, 99]) gives 1.75, 6.8 and 7.88.
TEST(Statistics, PercentilesAreInterpolatedAsNumPyDoes) {
  const Distribution found = distribution_of({8, 1, 4, 2}, {25, 90, 99});
  EXPECT_EQ(found.count, 4u);
  EXPECT_DOUBLE_EQ(found.mean, 3.75);
  EXPECT_DOUBLE_EQ(found.median, 3);
  EXPECT_DOUBLE_EQ(found.max, 8);
  EXPECT_DOUBLE_EQ(found.deviation, std::sqrt(7.1875));
  ASSERT_EQ(found.percentiles.size(), 3u);
  EXPECT_DOUBLE_EQ(found.percentiles[0].value, 1.75);
  EXPECT_DOUBLE_EQ(found.percentiles[1].value, 6.8);
  EXPECT_DOUBLE_EQ(found.percentiles[2].value, 7.88);
}

TEST(Statistics, OneValueIsEverything) {
  const Distribution found = distribution_of({5}, {99.9});
  EXPECT_DOUBLE_EQ(found.median, 5);
  EXPECT_DOUBLE_EQ(found.percentiles[0].value, 5);
  EXPECT_DOUBLE_EQ(found.deviation, 0);
}

TEST(Statistics, NothingIsNothing) {
  const Distribution found = distribution_of({}, {50});
  EXPECT_EQ(found.count, 0u);
  EXPECT_DOUBLE_EQ(found.percentiles[0].value, 0);
}

TEST(Statistics, NamesOfPercentiles) {
  EXPECT_EQ(percentile_name(99), "p99");
  EXPECT_EQ(percentile_name(99.9), "p99.9");
}

}  // namespace
}  // namespace youtu::load
