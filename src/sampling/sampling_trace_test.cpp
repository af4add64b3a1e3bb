#include "sampling/sampling_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "sampling/logprob_reader.h"
#include "sampling/sampler.h"

namespace youtu {
namespace {

using testing::ElementsAre;

constexpr float kInf = std::numeric_limits<float>::infinity();

// Of the distribution that `weights` are.
std::vector<float> logits_of(const std::vector<double>& weights) {
  std::vector<float> logits;
  for (const double weight : weights) logits.push_back(static_cast<float>(std::log(weight)));
  return logits;
}

TokenExplanation explain(std::vector<float> logits, const SamplingParams& params,
                         std::vector<TokenId> tokens = {}, std::vector<TokenId> banned = {},
                         TokenId drawn = 0) {
  LogprobReader reader(static_cast<int32_t>(logits.size()));
  reader.read(logits);
  SamplingTrace trace(reader.of(drawn, params.explain_tokens));
  Sampler sampler(static_cast<int32_t>(logits.size()));
  EXPECT_TRUE(sampler.candidates(logits, params, {tokens, 0}, banned, &trace));
  return trace.explanation();
}

std::vector<std::string_view> stages_of(const TokenExplanation& explanation) {
  std::vector<std::string_view> names;
  for (const StageReport& report : explanation.stages()) names.push_back(to_string(report.stage));
  return names;
}

std::vector<int32_t> counts_of(const TokenExplanation& explanation) {
  std::vector<int32_t> counts;
  for (const StageReport& report : explanation.stages()) counts.push_back(report.num_left);
  return counts;
}

SamplingParams explained(int32_t count) {
  SamplingParams params;
  params.explain_tokens = count;
  return params;
}

TEST(SamplingTrace, ASamplerThatChangesNothingHasNoStages) {
  const TokenExplanation explanation = explain(logits_of({4, 2, 1, 1}), explained(2));
  EXPECT_TRUE(explanation.stages().empty());
  ASSERT_EQ(explanation.candidates().size(), 2u);
  EXPECT_NEAR(explanation.candidates()[1].logprob, std::log(0.25), 1e-6);
  EXPECT_NEAR(explanation.probability(explanation.candidates()[1]), 0.25, 1e-6);
  EXPECT_EQ(explanation.candidates()[1].removed_by, -1);
}

TEST(SamplingTrace, FollowsACandidateThroughAllStages) {
  SamplingParams params = explained(4);
  params.logit_bias = {{.token = 3, .bias = std::log(2.0)}};  // 4 2 1 2
  params.repetition_penalty = 2;                              // of 2, whose log is halved
  params.temperature = 0.5;                                   // squares: 16 2 1 4
  params.top_k = 3;                                           // 16 2 4
  params.top_p = 0.9;                                         // 16 4
  params.min_p = 0.3;                                         // 16
  const TokenExplanation explanation =
      explain(logits_of({4, 2, 1, 1}), params, {1}, {}, /*drawn=*/0);
  EXPECT_THAT(stages_of(explanation), ElementsAre("logit_bias", "repetition_penalty", "temperature",
                                                  "top_k", "top_p", "min_p"));
  EXPECT_THAT(counts_of(explanation), ElementsAre(4, 4, 4, 3, 2, 1));
  const auto candidates = explanation.candidates();
  ASSERT_EQ(candidates.size(), 4u);
  EXPECT_THAT(candidates[0].probabilities,
              testing::Pointwise(testing::FloatNear(1e-6f),
                                 std::vector<float>{4 / 9.f, 4 / (7 + std::sqrt(2.f)), 16 / 23.f,
                                                    16 / 22.f, 16 / 20.f, 1, 0, 0, 0, 0, 0}));
  EXPECT_EQ(candidates[0].removed_by, -1);
  EXPECT_EQ(candidates[1].removed_by, 4);  // top_p
  EXPECT_EQ(candidates[2].removed_by, 3);  // top_k
  EXPECT_EQ(candidates[3].removed_by, 5);  // min_p
  EXPECT_NEAR(candidates[3].probabilities[4], 4 / 20.0, 1e-6);
  EXPECT_EQ(candidates[3].probabilities[5], 0);
}

TEST(SamplingTrace, NamesTheBanThatTookAToken) {
  SamplingParams params = explained(3);
  params.no_repeat_ngram_size = 2;  // 1 came after 0
  const TokenExplanation explanation = explain({0, 0, 0}, params, {0, 1, 0}, /*banned=*/{2});
  EXPECT_THAT(stages_of(explanation), ElementsAre("min_new_tokens", "no_repeat_ngram_size"));
  EXPECT_THAT(counts_of(explanation), ElementsAre(2, 1));
  EXPECT_EQ(explanation.candidates()[0].removed_by, -1);
  EXPECT_EQ(explanation.candidates()[1].removed_by, 1);
  EXPECT_EQ(explanation.candidates()[2].removed_by, 0);
}

TEST(SamplingTrace, TemperatureZeroLeavesOne) {
  SamplingParams params = explained(2);
  params.temperature = 0;
  params.top_k = 1;  // has nothing left to do
  const TokenExplanation explanation = explain({1, 3, 2}, params, {}, {}, /*drawn=*/1);
  EXPECT_THAT(stages_of(explanation), ElementsAre("temperature"));
  EXPECT_THAT(counts_of(explanation), ElementsAre(1));
  EXPECT_EQ(explanation.probability(explanation.candidates()[0]), 1.0f);
  EXPECT_EQ(explanation.candidates()[1].removed_by, 0);
}

TEST(SamplingTrace, AStageMayLeaveOneToken) {
  LogprobReader reader(3);
  reader.read(logits_of({4, 2, 1}));
  SamplingTrace trace(reader.of(2, 1));
  trace.after(SamplerStage::kThinkingTokenBudget, 2);
  const auto candidates = trace.explanation().candidates();
  ASSERT_EQ(candidates.size(), 2u);
  EXPECT_EQ(candidates[0].removed_by, 0);
  EXPECT_EQ(candidates[1].removed_by, -1);
  EXPECT_EQ(trace.explanation().probability(candidates[1]), 1.0f);
  EXPECT_THAT(counts_of(trace.explanation()), ElementsAre(1));
}

TEST(SamplingTrace, AlsoHasADrawnTokenThatIsNotAmongTheLikeliest) {
  const auto few = explain(logits_of({8, 4, 2, 1}), explained(2), {}, {}, /*drawn=*/3);
  ASSERT_EQ(few.candidates().size(), 3u);
  EXPECT_EQ(few.candidates()[2].token, 3);
  EXPECT_EQ(few.drawn, 3);
  EXPECT_EQ(explain(logits_of({8, 4, 2, 1}), explained(2), {}, {}, 1).candidates().size(), 2u);
}

TEST(SamplingTrace, WhatTheModelHoldsForImpossibleIsNoCandidate) {
  const auto explanation = explain({0, -kInf, 0}, explained(3));
  ASSERT_EQ(explanation.candidates().size(), 2u);
  EXPECT_EQ(explanation.candidates()[1].token, 2);
}

// A weight of zero is not the same as being left out.
TEST(SamplingTrace, ATokenThatIsLeftMayHaveNoProbability) {
  SamplingParams params = explained(2);
  params.temperature = 0.01;
  const auto explanation = explain({10, 0}, params);
  EXPECT_THAT(counts_of(explanation), ElementsAre(2));
  EXPECT_EQ(explanation.candidates()[1].removed_by, -1);
  EXPECT_EQ(explanation.probability(explanation.candidates()[1]), 0.0f);
}

}  // namespace
}  // namespace youtu
