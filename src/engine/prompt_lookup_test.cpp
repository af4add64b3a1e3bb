#include "engine/prompt_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace youtu {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<TokenId> propose(const PromptLookup& lookup, const std::vector<TokenId>& tokens,
                             size_t num_prompt_tokens, size_t max_tokens = 4) {
  const auto guess = lookup.propose(tokens, num_prompt_tokens, max_tokens);
  return {guess.begin(), guess.end()};
}

TEST(PromptLookup, GuessesWhatFollowedBefore) {
  EXPECT_THAT(propose(PromptLookup(), {1, 2, 3, 4, 5, 6, 9, 1, 2, 3}, 8), ElementsAre(4, 5, 6, 9));
  EXPECT_THAT(propose(PromptLookup(), {1, 2, 3, 4, 5, 6, 9, 1, 2, 3}, 8, 2), ElementsAre(4, 5));
}

TEST(PromptLookup, NeedsEnoughOfAMatch) {
  EXPECT_THAT(propose(PromptLookup(), {1, 2, 4, 5, 6, 9, 1, 2}, 6), IsEmpty());
  EXPECT_THAT(propose(PromptLookup(), {7}, 0), IsEmpty());
  EXPECT_THAT(propose(PromptLookup(), {7}, 1), IsEmpty());
}

TEST(PromptLookup, PrefersTheLongerThenTheLaterMatch) {
  // "2 3 4" stood twice, the first time after a 1.
  EXPECT_THAT(propose(PromptLookup(), {1, 2, 3, 4, 50, 8, 2, 3, 4, 60, 1, 2, 3, 4}, 10, 1),
              ElementsAre(50));
  EXPECT_THAT(propose(PromptLookup(), {7, 2, 3, 4, 50, 8, 2, 3, 4, 60, 1, 2, 3, 4}, 10, 1),
              ElementsAre(60));
}

TEST(PromptLookup, ContinuesWhatRepeatsItself) {
  EXPECT_THAT(propose(PromptLookup(), {5, 5, 5, 5, 5}, 1), ElementsAre(5));
  EXPECT_THAT(propose(PromptLookup(), {1, 2, 3, 1, 2, 3, 1, 2}, 1), ElementsAre(3, 1, 2));
}

TEST(PromptLookup, APredictionIsGuessedFromTheFirstToken) {
  const PromptLookup lookup({10, 11, 12, 13, 14});
  EXPECT_THAT(propose(lookup, {1, 2, 3}, 3), ElementsAre(10, 11, 12, 13));
  EXPECT_THAT(propose(lookup, {1, 2, 3, 10}, 3), ElementsAre(11, 12, 13, 14));
  // Off the prediction, and back on it.
  EXPECT_THAT(propose(lookup, {1, 2, 3, 10, 99, 98, 97}, 3), IsEmpty());
  EXPECT_THAT(propose(lookup, {1, 2, 3, 10, 99, 11, 12, 13}, 3), ElementsAre(14));
  EXPECT_THAT(propose(lookup, {1, 2, 3, 10, 11, 12, 13, 14}, 3), IsEmpty());
}

TEST(PromptLookup, LearnsWhatItsGuessesAreWorth) {
  PromptLookup lookup;
  const double unknown = lookup.acceptance();
  for (int i = 0; i < 50; ++i) lookup.record(4, 4);
  EXPECT_GT(lookup.acceptance(), 0.95);
  for (int i = 0; i < 50; ++i) lookup.record(4, 0);
  EXPECT_LT(lookup.acceptance(), 0.05);
  for (int i = 0; i < 1000; ++i) lookup.forget();
  EXPECT_NEAR(lookup.acceptance(), unknown, 0.01);
}

}  // namespace
}  // namespace youtu
