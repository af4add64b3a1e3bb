// Which cases are planned, and which are skipped for what reason.

#include "bench/bench_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace youtu {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr BenchRoom kAmple = {.max_positions = 1 << 20, .block_bytes = 1000, .cache_bytes = {}};

TEST(PlanCases, TakesPromptsFirstAndThenDepthByDepth) {
  const BenchOptions options = {
      .prompts = {100, 200}, .batches = {1, 8}, .depths = {0, 1000}, .tokens = 16};
  const auto cases = plan_cases(options, kAmple);
  const std::vector<BenchCase> expected = {
      {.kind = BenchKind::kPrompt, .tokens = 100}, {.kind = BenchKind::kPrompt, .tokens = 200},
      {.batch = 1, .depth = 0, .tokens = 16},      {.batch = 8, .depth = 0, .tokens = 16},
      {.batch = 1, .depth = 1000, .tokens = 16},   {.batch = 8, .depth = 1000, .tokens = 16},
  };
  EXPECT_EQ(cases, expected);
}

TEST(PlanCases, ZeroAsksForNothing) {
  EXPECT_THAT(plan_cases({.prompts = {0}, .batches = {0}}, kAmple), IsEmpty());
  EXPECT_EQ(plan_cases({.prompts = {0, 5}, .batches = {0}}, kAmple).size(), 1u);
}

TEST(PlanCases, SkipsWhatTheModelHasNoPositionsFor) {
  BenchRoom room = kAmple;
  room.max_positions = 116;
  const BenchOptions options = {
      .prompts = {116, 117}, .batches = {1}, .depths = {100, 101}, .tokens = 16};
  const auto cases = plan_cases(options, room);
  EXPECT_THAT(cases[0].skipped, IsEmpty());
  EXPECT_THAT(cases[1].skipped, HasSubstr("117 tokens exceed"));
  EXPECT_THAT(cases[1].skipped, HasSubstr("max_position_embeddings of 116"));
  EXPECT_THAT(cases[2].skipped, IsEmpty());
  EXPECT_THAT(cases[3].skipped, HasSubstr("117 tokens"));
}

TEST(PlanCases, SkipsWhatTheMachineHasNoMemoryFor) {
  BenchRoom room = {.max_positions = 1000, .block_bytes = 1 << 20, .cache_bytes = 4 << 20};
  // Each sequence of 16 + 1 tokens has two blocks.
  const auto cases =
      plan_cases({.prompts = {0}, .batches = {1, 2, 3}, .depths = {16}, .tokens = 1}, room);
  EXPECT_THAT(cases[0].skipped, IsEmpty());
  EXPECT_THAT(cases[1].skipped, IsEmpty());
  EXPECT_THAT(cases[2].skipped, HasSubstr("6 MiB of memory, 4 MiB are free"));
  EXPECT_EQ(most_blocks(cases), 4);
  room.cache_bytes.reset();  // unknown: nothing is skipped for it
  EXPECT_EQ(most_blocks(plan_cases({.prompts = {0}, .batches = {3}, .depths = {16}}, room)), 6);
}

TEST(PlanCases, SkipsMoreSlotsThanCanBeNumbered) {
  const auto cases = plan_cases({.prompts = {0}, .batches = {256}, .depths = {(1 << 24) - 16}},
                                {.max_positions = 1 << 24, .block_bytes = 1, .cache_bytes = {}});
  EXPECT_THAT(cases[0].skipped, HasSubstr("at most"));
  EXPECT_EQ(most_blocks(cases), 0);
}

}  // namespace
}  // namespace youtu
