#include "sampling/penalties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace youtu {
namespace {

using testing::ElementsAre;

constexpr float kBanned = -std::numeric_limits<float>::infinity();

std::vector<float> apply(const SamplingParams& params, std::vector<TokenId> tokens,
                         size_t num_prompt_tokens, std::vector<float> logits) {
  Penalties penalties(static_cast<int32_t>(logits.size()));
  penalties.apply(params, {tokens, num_prompt_tokens}, logits);
  // A second call proves that the counters were cleared.
  std::vector<float> again = logits;
  penalties.apply(SamplingParams{}, {tokens, num_prompt_tokens}, again);
  EXPECT_EQ(again, logits);
  return logits;
}

TEST(Penalties, RepetitionDividesPositiveAndMultipliesNegativeOncePerToken) {
  SamplingParams params;
  params.repetition_penalty = 2.0;
  EXPECT_THAT(apply(params, {0, 1, 1, 1, 3}, 2, {4, -4, 4, 0}), ElementsAre(2, -8, 4, 0));
}

TEST(Penalties, FrequencyAndPresenceLookAtTheCompletionOnly) {
  SamplingParams params;
  params.frequency_penalty = 0.5;
  params.presence_penalty = 1.0;
  EXPECT_THAT(apply(params, {0, 1, 1, 1, 3}, 2, {4, 4, 4, 4}), ElementsAre(4, 2, 4, 2.5));
}

TEST(Penalties, NegativePenaltiesReward) {
  SamplingParams params;
  params.frequency_penalty = -1.0;
  EXPECT_THAT(apply(params, {0, 0}, 0, {1, 1}), ElementsAre(3, 1));
}

TEST(Penalties, NgramBanCoversPromptAndCompletion) {
  SamplingParams params;
  params.no_repeat_ngram_size = 3;
  // "1 2 3" and "1 2 4" are there, and the history ends in "1 2".
  EXPECT_THAT(apply(params, {1, 2, 3, 1, 2, 4, 1, 2}, 5, {0, 0, 0, 0, 0}),
              ElementsAre(0, 0, 0, kBanned, kBanned));
}

TEST(Penalties, NgramOfOneBansEveryTokenSeen) {
  SamplingParams params;
  params.no_repeat_ngram_size = 1;
  EXPECT_THAT(apply(params, {2, 0}, 1, {0, 0, 0}), ElementsAre(kBanned, 0, kBanned));
}

TEST(Penalties, HistoryShorterThanTheNgramBansNothing) {
  SamplingParams params;
  params.no_repeat_ngram_size = 4;
  EXPECT_THAT(apply(params, {1, 1, 1}, 1, {0, 0}), ElementsAre(0, 0));
}

TEST(PenaltiesDeathTest, RefusesATokenOutsideTheVocabulary) {
  SamplingParams params;
  params.repetition_penalty = 2.0;
  EXPECT_DEATH(apply(params, {4}, 1, {0, 0, 0, 0}), "index");
  EXPECT_DEATH(apply(params, {-1}, 1, {0, 0, 0, 0}), "index");
}

}  // namespace
}  // namespace youtu
