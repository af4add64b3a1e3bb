#include "engine/step_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace youtu {
namespace {

// Costs that were learned from a machine: `free_rows` cost nothing, then each 10 ms, beside 100 ms.
StepCosts learned(int64_t free_rows) {
  StepCosts costs(512);
  for (int round = 0; round < 50; ++round) {
    for (int64_t rows = 1; rows <= 512; rows = std::max(rows + 1, rows * 5 / 4)) {
      costs.observe({.rows = rows},
                    0.1 + 0.01 * static_cast<double>(std::max<int64_t>(0, rows - free_rows)));
    }
  }
  return costs;
}

TEST(PromptRowsBeside, KeepsTheStepWithinTheSlowdown) {
  const StepCosts costs = learned(0);
  for (const double slowdown : {1.5, 2.0, 4.0}) {
    const StepSize streams = {.rows = 4};
    const int64_t rows = prompt_rows_beside(costs, streams, 0, slowdown, 512);
    const double limit = slowdown * costs.predict(streams);
    EXPECT_LE(costs.predict({.rows = 4 + rows}), limit);
    EXPECT_GT(costs.predict({.rows = 4 + rows + 1}), limit);
  }
}

TEST(PromptRowsBeside, LeavesAPromptAloneUnlessSomebodyWaits) {
  EXPECT_EQ(prompt_rows_beside(learned(0), {}, 0, 2.0, 512), 512);
  EXPECT_EQ(prompt_rows_beside(StepCosts(512), {.rows = 3}, 0, 2.0, 512), 512);
}

TEST(PromptRowsBeside, AlwaysLetsThePromptGetOn) {
  EXPECT_EQ(prompt_rows_beside(learned(0), {.rows = 1}, 0, 1.0001, 512), 1);
}

TEST(ChooseDrafts, TakesWhatIsFree) {
  std::vector<DraftOffer> offers = {{.acceptance = 0.5, .num_guesses = 5}};
  choose_drafts(learned(8), {.rows = 1}, 16, offers);
  EXPECT_EQ(offers[0].num_chosen, 5);
}

TEST(ChooseDrafts, TakesNothingThatCostsMoreThanItBrings) {
  // A row costs a tenth of a step; a guess that is right once in twenty does not pay.
  std::vector<DraftOffer> offers = {{.acceptance = 0.05, .num_guesses = 5}};
  choose_drafts(learned(0), {.rows = 1}, 16, offers);
  EXPECT_EQ(offers[0].num_chosen, 0);
}

TEST(ChooseDrafts, PrefersTheSurerSequence) {
  std::vector<DraftOffer> offers = {{.acceptance = 0.3, .num_guesses = 8},
                                    {.acceptance = 0.95, .num_guesses = 8}};
  choose_drafts(learned(0), {.rows = 2}, 16, offers);
  EXPECT_GT(offers[1].num_chosen, offers[0].num_chosen);
  EXPECT_GT(offers[1].num_chosen, 2);
}

TEST(ChooseDrafts, KeepsToItsLimit) {
  std::vector<DraftOffer> offers = {{.acceptance = 0.9, .num_guesses = 8},
                                    {.acceptance = 0.9, .num_guesses = 8}};
  choose_drafts(learned(100), {.rows = 2}, 7, offers);
  EXPECT_EQ(offers[0].num_chosen + offers[1].num_chosen, 7);
}

TEST(ChooseDrafts, GuessesNothingBeforeItKnowsWhatAStepCosts) {
  std::vector<DraftOffer> offers = {{.acceptance = 0.9, .num_guesses = 8}};
  choose_drafts(StepCosts(8), {.rows = 1}, 16, offers);
  EXPECT_EQ(offers[0].num_chosen, 0);
}

}  // namespace
}  // namespace youtu
