#include "model/logit_comparison.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace youtu {
namespace {

const double kLn2 = std::log(2.0);

std::vector<float> logs(std::vector<double> probabilities, float shift = 0) {
  std::vector<float> result;
  for (const double p : probabilities) result.push_back(static_cast<float>(std::log(p)) + shift);
  return result;
}

TEST(CompareLogitsTest, GivesTheDivergenceOfTheTestedFromTheReference) {
  // 1/2 ln(1/2 : 1/4) + 1/4 ln(1/4 : 1/2) + 1/4 ln(1/4 : 1/4)
  const auto result = compare_logits(logs({0.5, 0.25, 0.25}), logs({0.25, 0.5, 0.25}), 1);
  ASSERT_TRUE(result);
  EXPECT_NEAR(result->divergence, 0.25 * kLn2, 1e-7);
  EXPECT_EQ(result->reference_top, 0);
  EXPECT_EQ(result->tested_top, 1);
  EXPECT_EQ(result->next, 1);
  EXPECT_NEAR(result->reference_log_prob, -2 * kLn2, 1e-7);
  EXPECT_NEAR(result->tested_log_prob, -kLn2, 1e-7);
}

TEST(CompareLogitsTest, IsNotSymmetric) {
  const auto p = logs({0.75, 0.25}), q = logs({0.25, 0.75}), r = logs({0.5, 0.5});
  EXPECT_NEAR(compare_logits(p, r, kNoNextToken)->divergence,
              0.75 * std::log(1.5) + 0.25 * std::log(0.5), 1e-7);
  EXPECT_NEAR(compare_logits(r, p, kNoNextToken)->divergence, -0.5 * std::log(0.75), 1e-7);
  EXPECT_NEAR(compare_logits(p, q, kNoNextToken)->divergence, 0.5 * std::log(3.0), 1e-7);
}

TEST(CompareLogitsTest, AConstantAddedToLogitsChangesNothing) {
  const auto result = compare_logits(logs({0.5, 0.25, 0.25}, 100), logs({0.5, 0.25, 0.25}, -50), 2);
  EXPECT_NEAR(result->divergence, 0, 1e-9);
  EXPECT_GE(result->divergence, 0);
  EXPECT_NEAR(result->tested_log_prob, -2 * kLn2, 1e-5);
}

TEST(CompareLogitsTest, ARowAgainstItselfIsExactlyZero) {
  std::vector<float> logits;
  for (int i = 0; i < 4096; ++i) logits.push_back(20 * std::sin(static_cast<float>(i * i)));
  const auto result = compare_logits(logits, logits, 17);
  EXPECT_EQ(result->divergence, 0);
  EXPECT_EQ(result->reference_log_prob, result->tested_log_prob);
}

TEST(CompareLogitsTest, IsNeverNegative) {
  // One unit in the last place of one logit: the true divergence is far below what rounding does.
  std::vector<float> logits(1000, 1.0f), other = logits;
  for (size_t i = 0; i < other.size(); ++i) {
    other[i] = std::nextafter(1.0f, 2.0f);
    EXPECT_GE(compare_logits(logits, other, kNoNextToken)->divergence, 0);
    other[i] = 1.0f;
  }
}

TEST(CompareLogitsTest, LogitsOfAnySizeAreTaken) {
  const auto result = compare_logits(std::vector<float>{3e38f, -3e38f},
                                     std::vector<float>{-3e38f, 3e38f}, kNoNextToken);
  ASSERT_TRUE(result);
  EXPECT_NEAR(result->divergence, 6e38, 1e36);
}

TEST(CompareLogitsTest, OfEqualLogitsTheFirstIsTheTop) {
  const std::vector<float> logits = {1, 3, 3, 2};
  EXPECT_EQ(compare_logits(logits, logits, kNoNextToken)->reference_top, 1);
}

TEST(CompareLogitsTest, NumbersThatAreNoneAreRefusedAndBlamed) {
  const std::vector<float> good = {1, 2};
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    for (const std::vector<float>& row : {std::vector<float>{bad, 1}, std::vector<float>{1, bad}}) {
      EXPECT_NE(compare_logits(row, good, 0).status().message().find("reference"),
                std::string::npos);
      EXPECT_NE(compare_logits(good, row, 0).status().message().find("tested"), std::string::npos);
    }
  }
}

TEST(SummarizeTest, DivergenceAgainstHandComputedValues) {
  std::vector<PositionComparison> positions;
  for (const double divergence : {3.0, 0.0, 1.0, 2.0, 14.0}) {
    positions.push_back({.divergence = divergence, .reference_top = 1, .tested_top = 1});
  }
  positions[3].tested_top = 2;
  const ComparisonSummary summary = summarize(positions);
  EXPECT_EQ(summary.num_positions, 5);
  EXPECT_DOUBLE_EQ(summary.divergence.mean, 4);
  // Squares of the deviations: 1 + 16 + 9 + 4 + 100; over 4, over 5.
  EXPECT_DOUBLE_EQ(summary.divergence.standard_error, std::sqrt(130.0 / 4 / 5));
  EXPECT_DOUBLE_EQ(summary.divergence.median, 2);
  EXPECT_DOUBLE_EQ(summary.divergence.p90, 3 + 0.6 * 11);  // at 3.6 of 0 to 4
  EXPECT_DOUBLE_EQ(summary.divergence.p99, 3 + 0.96 * 11);
  EXPECT_DOUBLE_EQ(summary.divergence.p99_9, 3 + 0.996 * 11);
  EXPECT_DOUBLE_EQ(summary.divergence.max, 14);
  EXPECT_DOUBLE_EQ(summary.same_top, 0.8);
  EXPECT_EQ(summary.num_predictions, 0);
}

TEST(SummarizeTest, PredictionsAgainstHandComputedValues) {
  // Probabilities of the next token: 1/2 and 1/8 in the reference, 1/4 and 1/4 in the tested.
  const std::vector<PositionComparison> positions = {
      {.next = 5, .reference_log_prob = -kLn2, .tested_log_prob = -2 * kLn2},
      {.next = kNoNextToken},
      {.next = 0, .reference_log_prob = -3 * kLn2, .tested_log_prob = -2 * kLn2}};
  const ComparisonSummary summary = summarize(positions);
  EXPECT_EQ(summary.num_positions, 3);
  EXPECT_EQ(summary.num_predictions, 2);
  EXPECT_DOUBLE_EQ(summary.perplexity.reference, 4);
  EXPECT_DOUBLE_EQ(summary.perplexity.tested, 4);
  EXPECT_DOUBLE_EQ(summary.perplexity.ratio, 1);
  // The losses differ by ln 2 and -ln 2: variance 2 (ln 2)^2, of the mean of two half of that.
  EXPECT_DOUBLE_EQ(summary.perplexity.ratio_error, kLn2);
  EXPECT_DOUBLE_EQ(summary.probability_change.rms, std::sqrt((1.0 / 16 + 1.0 / 64) / 2));
  EXPECT_DOUBLE_EQ(summary.probability_change.p99, 0.125 + 0.99 * 0.125);
}

TEST(SummarizeTest, OfOneAndOfNothing) {
  const std::vector<PositionComparison> one = {
      {.divergence = 2, .next = 1, .reference_log_prob = -kLn2, .tested_log_prob = -2 * kLn2}};
  const ComparisonSummary summary = summarize(one);
  EXPECT_EQ(summary.divergence.mean, 2);
  EXPECT_EQ(summary.divergence.standard_error, 0);
  EXPECT_EQ(summary.divergence.p99_9, 2);
  EXPECT_DOUBLE_EQ(summary.perplexity.ratio, 2);
  EXPECT_EQ(summary.perplexity.ratio_error, 0);
  EXPECT_EQ(summarize({}).num_positions, 0);
}

}  // namespace
}  // namespace youtu
