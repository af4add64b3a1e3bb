#include "load/arrivals.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace youtu::load {
namespace {

constexpr int kNumGaps = 200'000;

// Mean and variance of a gamma distribution are known, so are their standard errors; five of them
// are never reached by chance.
void expect_moments(double rate, double burstiness) {
  Arrivals arrivals(rate, burstiness, 11);
  std::vector<double> gaps(kNumGaps);
  double mean = 0;
  for (double& gap : gaps) {
    gap = arrivals.next_gap();
    ASSERT_GE(gap, 0);
    mean += gap / kNumGaps;
  }
  double variance = 0;
  for (const double gap : gaps) variance += (gap - mean) * (gap - mean) / kNumGaps;
  const double true_variance = 1 / (rate * rate * burstiness);
  const double fourth_moment = 3 + 6 / burstiness;  // in units of the squared variance
  EXPECT_NEAR(mean, 1 / rate, 5 * std::sqrt(true_variance / kNumGaps));
  EXPECT_NEAR(variance, true_variance,
              5 * true_variance * std::sqrt((fourth_moment - 1) / kNumGaps));
}

TEST(Arrivals, GapsHaveTheMomentsOfTheGammaDistribution) {
  expect_moments(2, 1);
  expect_moments(50, 0.5);
  expect_moments(0.1, 8);
}

// In a Poisson process the count of a second has its mean as its variance.
TEST(Arrivals, BurstinessOneIsAPoissonProcess) {
  constexpr double kRate = 4;
  constexpr int kSeconds = 20'000;
  Arrivals arrivals(kRate, 1, 7);
  std::vector<int> counts(kSeconds);
  for (double time = arrivals.next_gap(); time < kSeconds; time += arrivals.next_gap()) {
    ++counts[static_cast<size_t>(time)];
  }
  double mean = 0;
  for (const int count : counts) mean += double(count) / kSeconds;
  double variance = 0;
  int empty = 0;
  for (const int count : counts) {
    variance += (count - mean) * (count - mean) / kSeconds;
    empty += count == 0;
  }
  EXPECT_NEAR(mean, kRate, 5 * std::sqrt(kRate / kSeconds));
  EXPECT_NEAR(variance / mean, 1, 5 * std::sqrt(2.0 / kSeconds));
  EXPECT_NEAR(empty / double(kSeconds), std::exp(-kRate),
              5 * std::sqrt(std::exp(-kRate) / kSeconds));
}

TEST(Arrivals, TheSameSeedGivesTheSameArrivals) {
  Arrivals a(1, 1, 3);
  Arrivals b(1, 1, 3);
  Arrivals other(1, 1, 4);
  const double first = a.next_gap();
  EXPECT_EQ(first, b.next_gap());
  EXPECT_NE(first, other.next_gap());
}

}  // namespace
}  // namespace youtu::load
