// Medians and rates of repeated measurements.

#include "bench/spread.h"

#include <gtest/gtest.h>

namespace youtu {
namespace {

TEST(Spread, HasTheMiddleValueAndTheEnds) {
  const Spread odd = spread_of({5, 1, 3});
  EXPECT_EQ(odd.median, 3);
  EXPECT_EQ(odd.min, 1);
  EXPECT_EQ(odd.max, 5);
  EXPECT_EQ(spread_of({4, 1, 3, 2}).median, 2.5);
  EXPECT_EQ(spread_of({7}).median, 7);
}

TEST(RateOf, IsGreatestForTheShortestTime) {
  const Spread rate = rate_of(100, {.median = 2, .min = 1, .max = 4});
  EXPECT_EQ(rate.median, 50);
  EXPECT_EQ(rate.min, 25);
  EXPECT_EQ(rate.max, 100);
}

TEST(IndexOfMedian, IsTheLowerOfTheMiddleTwo) {
  EXPECT_EQ(index_of_median({5, 1, 3}), 2u);
  EXPECT_EQ(index_of_median({4, 1, 3, 2}), 3u);
  EXPECT_EQ(index_of_median({9}), 0u);
}

}  // namespace
}  // namespace youtu
