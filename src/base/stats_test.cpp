#include "youtu/stats.h"

#include <gtest/gtest.h>

#include <limits>

namespace youtu {
namespace {

TEST(Histogram, CountsUpToAndIncludingItsEdges) {
  constexpr std::array edges = {1.0, 2.0, 5.0};
  Histogram histogram(edges);
  for (const double value : {0.5, 1.0, 1.5, 5.0, 7.0}) histogram.observe(value);
  EXPECT_EQ(histogram.bucket(0), 2);
  EXPECT_EQ(histogram.bucket(1), 1);
  EXPECT_EQ(histogram.bucket(2), 1);
  EXPECT_EQ(histogram.count(), 5);
  EXPECT_DOUBLE_EQ(histogram.sum(), 15.0);
}

TEST(EngineHistograms, EdgesRise) {
  const EngineHistograms all;
  for (const Histogram* histogram : {&all.time_to_first_token, &all.inter_token_latency,
                                     &all.e2e_latency, &all.prompt_tokens, &all.step_tokens}) {
    double before = -std::numeric_limits<double>::infinity();
    ASSERT_FALSE(histogram->upper_edges().empty());
    ASSERT_LE(histogram->upper_edges().size(), Histogram::kMaxEdges);
    for (const double edge : histogram->upper_edges()) {
      EXPECT_LT(before, edge);
      before = edge;
    }
  }
}

}  // namespace
}  // namespace youtu
