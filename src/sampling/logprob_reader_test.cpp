#include "sampling/logprob_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace youtu {
namespace {

TEST(LogprobReader, IsTheLogarithmOfTheSoftmax) {
  const std::vector<float> logits = {1.0f, -2.0f, 3.5f, 0.0f, 3.5f};
  double sum = 0;
  for (const float logit : logits) sum += std::exp(double{logit});
  LogprobReader reader(5);
  reader.read(logits);
  const TokenLogprobs one = reader.of(1, 3);
  EXPECT_EQ(one.drawn.token, 1);
  EXPECT_NEAR(one.drawn.logprob, std::log(std::exp(-2.0) / sum), 1e-6);
  ASSERT_EQ(one.top().size(), 3u);
  EXPECT_EQ(one.top()[0].token, 2);  // of equals the lowest id
  EXPECT_EQ(one.top()[1].token, 4);
  EXPECT_EQ(one.top()[2].token, 0);
  EXPECT_NEAR(one.top()[2].logprob, std::log(std::exp(1.0) / sum), 1e-6);
}

TEST(LogprobReader, ManyAndFewRanks) {
  LogprobReader reader(3);
  reader.read(std::vector<float>{0, 0, 0});
  EXPECT_TRUE(reader.of(2, 0).top().empty());
  EXPECT_EQ(reader.of(2, kMaxTopLogprobs).top().size(), 3u);  // there are no more
}

TEST(LogprobReader, LargeAndImpossibleLogits) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  LogprobReader reader(3);
  reader.read(std::vector<float>{3e38f, 3e38f, -kInf});
  EXPECT_NEAR(reader.of(0, 0).drawn.logprob, std::log(0.5), 1e-6);
  EXPECT_EQ(reader.of(2, 0).drawn.logprob, -kInf);
}

}  // namespace
}  // namespace youtu
