// A model for simulations: its cache keeps for each slot what the latent there would depend on, the
// token and all before it, so that a block of another prefix and a slot that nobody has filled are
// seen at once. Its tokens are cheap to compute.
//
// A row that was moved is taken for what it would be if it were computed where it now is, and
// marked: its mark goes over to all that is computed behind it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/step_executor.h"
#include "tests/support/toy_tokenizer.h"

namespace youtu {

inline constexpr uint64_t kPoison = ~uint64_t{0};

// What the latent of a token stands for: the token and all before it.
inline uint64_t chain_of(uint64_t before, TokenId token) {
  uint64_t chain = (before ^ static_cast<uint64_t>(token)) * 0x9e3779b97f4a7c15u;
  chain = (chain ^ (chain >> 32)) * 0xd6e8feb86659fd93u;
  return chain ^ (chain >> 32);
}

// A handful of tokens that may follow, now and then the end; all a function of what came before.
inline void write_logits(uint64_t chain, std::span<float> logits) {
  std::ranges::fill(logits, -50.0f);
  for (int i = 0; i < 4; ++i) {
    logits[(chain >> (8 * i)) & 0xff] = 0.5f * static_cast<float>(i);
  }
  if (chain >> 60 == 0) logits[ToyTokenizer::kEnd] = 3.0f;
}

class ChainExecutor final : public StepExecutor {
 public:
  explicit ChainExecutor(int32_t num_blocks)
      : slots_(static_cast<size_t>(num_blocks) * kBlockSize) {}

  int32_t vocab_size() const override { return ToyTokenizer::kVocabSize; }
  void fail_next_step() { shall_fail_ = true; }
  void poison(int32_t block, int32_t first_offset = 0) {
    for (int32_t i = first_offset; i < kBlockSize; ++i) slot(block * kBlockSize + i) = {};
  }
  // Whether what is there was moved, or computed behind something that was.
  bool is_marked(int32_t index) const { return slots_.at(static_cast<size_t>(index)).is_marked; }

  void move_latents(std::span<const LatentMove> moves, int32_t shift) override {
    for (const LatentMove& move : moves) {
      Slot moved = slot(move.from_slot);
      EXPECT_NE(moved.chain, kPoison) << "nothing is moved from slot " << move.from_slot;
      moved.position += shift;
      if (shift != 0) moved.is_moved = moved.is_marked = true;
      slot(move.to_slot) = moved;
    }
  }

  Status forward(const BatchView& batch, std::span<float> logits) override {
    if (std::exchange(shall_fail_, false)) {  // half-way: what it has written is worth nothing
      for (const int32_t index : batch.slot_mapping)
        slot(index) = {.token = 1, .position = 1, .chain = 1};
      return Status::internal("fault");
    }
    chains_.assign(batch.token_ids.size(), 0);
    for (const SequenceSlice& sequence : batch.sequences) compute(batch, sequence);
    const auto columns = static_cast<size_t>(vocab_size());
    for (size_t row = 0; row < batch.logit_rows.size(); ++row) {
      const auto t = static_cast<size_t>(batch.logit_rows[row]);
      write_logits(chains_.at(t), logits.subspan(row * columns, columns));
    }
    return Status::ok();
  }

 private:
  struct Slot {
    TokenId token = -1;
    int32_t position = -1;
    uint64_t chain = kPoison;
    bool is_moved = false;  // its chain is still that of where it was
    bool is_marked = false;
  };
  Slot& slot(int32_t index) { return slots_.at(static_cast<size_t>(index)); }

  // Fills the slots of the new tokens and looks at all that the last of them can see.
  void compute(const BatchView& batch, const SequenceSlice& sequence) {
    const int32_t begin = sequence.context_length - sequence.num_queries;
    uint64_t chain = 0;
    bool is_marked = false;
    for (int32_t position = 0; position < sequence.context_length; ++position) {
      const int32_t block = sequence.block_table[static_cast<size_t>(position / kBlockSize)];
      Slot& seen = slot(block * kBlockSize + position % kBlockSize);
      if (position >= begin) {
        const auto t = static_cast<size_t>(sequence.query_start + position - begin);
        EXPECT_EQ(batch.positions[t], position);
        EXPECT_EQ(batch.slot_mapping[t], block * kBlockSize + position % kBlockSize);
        seen = {.token = batch.token_ids[t],
                .position = position,
                .chain = chain_of(chain, batch.token_ids[t]),
                .is_marked = is_marked};
        chains_[t] = seen.chain;
      }
      is_marked |= seen.is_marked;
      if (std::exchange(seen.is_moved, false)) seen.chain = chain_of(chain, seen.token);
      EXPECT_EQ(seen.position, position) << "block " << block;
      if (seen.chain != chain_of(chain, seen.token)) {
        ADD_FAILURE() << (seen.chain == kPoison ? "nothing" : "something else") << " at position "
                      << position << ", block " << block;
      }
      chain = seen.chain;
    }
  }

  std::vector<Slot> slots_;
  std::vector<uint64_t> chains_;  // of the tokens of a step
  bool shall_fail_ = false;
};

}  // namespace youtu
