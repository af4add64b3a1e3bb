// Whose the moved rows of a ChainExecutor's cache are: a sequence may see only those of its own
// conversation, whichever blocks it found.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "engine/sequence.h"
#include "engine/step.h"
#include "tests/support/chain_executor.h"

namespace youtu {

class MovedRows {
 public:
  MovedRows(const ChainExecutor& executor, int32_t num_blocks)
      : executor_(executor), owners_(static_cast<size_t>(num_blocks) * kBlockSize) {}

  // The rows that are moved for a sequence in this plan; nullptr if there are none.
  const PlannedSlide* slide_of(const Sequence& sequence, const StepPlan& plan) const {
    const auto slide = std::ranges::find_if(plan.slides, [&](const PlannedSlide& each) {
      return each.table.data() == sequence.block_table().blocks().data();
    });
    return slide == plan.slides.end() ? nullptr : &*slide;
  }

  // Before a step: what the sequence finds, and what is moved for it. `conversation` is empty where
  // it has no window.
  void check(const Sequence& sequence, const PlannedSlide* slide,
             const std::string& conversation) const {
    const int64_t num_found = slide != nullptr ? slide->begin : sequence.num_computed_tokens();
    const auto blocks = sequence.block_table().blocks();
    for (int64_t i = 0; i < num_found; ++i) check(slot(blocks, i), conversation);
    if (slide == nullptr) return;
    for (int64_t i = slide->begin; i < slide->end; ++i) {
      check(slot(slide->source, slide->earlier.position_of(i)), conversation);
    }
  }

  // After it: all that the sequence has now is its conversation's.
  void own(const PlannedSequence& planned, const std::string& conversation) {
    const auto blocks = planned.sequence->block_table().blocks();
    const int64_t end = planned.sequence->num_computed_tokens() + planned.num_rows();
    for (int64_t i = 0; i < end; ++i) {
      const int32_t index = slot(blocks, i);
      if (executor_.is_marked(index)) owners_.at(static_cast<size_t>(index)) = conversation;
    }
  }

 private:
  static int32_t slot(std::span<const BlockId> blocks, int64_t position) {
    return blocks[static_cast<size_t>(position / kBlockSize)] * kBlockSize +
           static_cast<int32_t>(position % kBlockSize);
  }
  void check(int32_t index, const std::string& conversation) const {
    if (!executor_.is_marked(index)) return;
    EXPECT_FALSE(conversation.empty()) << "a request without a window sees moved rows";
    EXPECT_EQ(owners_.at(static_cast<size_t>(index)), conversation);
  }

  const ChainExecutor& executor_;
  std::vector<std::string> owners_;  // [slots] the conversations of those that are marked
};

}  // namespace youtu
