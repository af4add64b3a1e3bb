// The index arrays of made-up sequences: every token has a slot of its own, where its block table
// says.

#include "bench/step_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <set>

namespace youtu {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(StepLayout, LaysOutAPromptChunkByChunk) {
  StepLayout layout;
  layout.begin(1, 40);
  const std::vector<TokenId> ids(20, 3);
  const BatchView& first =
      layout.lay_out({.begin = 0, .num_tokens = 20, .wants_logits = false}, ids);
  EXPECT_EQ(first.positions.front(), 0);
  EXPECT_EQ(first.positions.back(), 19);
  EXPECT_THAT(first.logit_rows, IsEmpty());
  ASSERT_EQ(first.sequences.size(), 1u);
  EXPECT_EQ(first.sequences[0].context_length, 20);
  EXPECT_EQ(first.sequences[0].num_queries, 20);

  const BatchView& last = layout.lay_out({.begin = 20, .num_tokens = 20}, ids);
  EXPECT_EQ(last.sequences[0].context_length, 40);
  EXPECT_THAT(last.logit_rows, ElementsAre(19));
  std::vector<int32_t> expected(20);  // a sequence alone has its blocks in a row
  std::iota(expected.begin(), expected.end(), 20);
  EXPECT_THAT(last.slot_mapping, testing::ElementsAreArray(expected));
}

TEST(StepLayout, GivesEverySequenceBlocksOfItsOwn) {
  constexpr int32_t kSequences = 3, kLength = 35;
  StepLayout layout;
  layout.begin(kSequences, kLength);
  const std::vector<TokenId> ids(kSequences, 1);
  std::set<int32_t> slots;
  for (int32_t position = 0; position < kLength; ++position) {
    const BatchView& batch = layout.lay_out({.begin = position}, ids);
    EXPECT_THAT(batch.positions, ElementsAre(position, position, position));
    EXPECT_THAT(batch.logit_rows, ElementsAre(0, 1, 2));
    for (size_t s = 0; s < kSequences; ++s) {
      const SequenceSlice& sequence = batch.sequences[s];
      EXPECT_EQ(sequence.query_start, static_cast<int32_t>(s));
      EXPECT_EQ(sequence.context_length, position + 1);
      ASSERT_EQ(sequence.block_table.size(), 3u);
      const int32_t block = sequence.block_table[static_cast<size_t>(position / kBlockSize)];
      EXPECT_EQ(batch.slot_mapping[s], block * kBlockSize + position % kBlockSize);
      slots.insert(batch.slot_mapping[s]);
    }
  }
  EXPECT_EQ(slots.size(), size_t{kSequences} * kLength);
  EXPECT_LT(*slots.rbegin(), kSequences * 3 * kBlockSize);
}

}  // namespace
}  // namespace youtu
