// A step executor whose logits are a function of the tokens so far. It keeps those tokens in a
// cache of slots, just as the model keeps latents, and reads them back through the block table: a
// wrong slot, position or block shows as a different text, a wrong shift of a moved one ends it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/check.h"
#include "base/rng.h"
#include "engine/step_executor.h"

namespace youtu {

// Writes the logits [vocab_size] that follow `tokens`.
using LogitScript = std::function<void(std::span<const TokenId> tokens, std::span<float> logits)>;

// Logits in [0, 8) that depend on all tokens and their order, and on nothing else.
inline void hashed_logits(std::span<const TokenId> tokens, std::span<float> logits) {
  uint64_t hash = 0x9e3779b97f4a7c15u;
  for (const TokenId token : tokens) {
    hash = (hash ^ static_cast<uint64_t>(token)) * 0xff51afd7ed558ccdu;
    hash ^= hash >> 32;
  }
  for (size_t i = 0; i < logits.size(); ++i) {
    logits[i] = 8.0f * static_cast<float>(random_unit(hash, i));
  }
}

class ScriptedExecutor final : public StepExecutor {
 public:
  ScriptedExecutor(int32_t vocab_size, int32_t num_blocks, LogitScript script = hashed_logits)
      : vocab_size_(vocab_size),
        slots_(static_cast<size_t>(num_blocks) * kBlockSize),
        script_(std::move(script)) {}

  int32_t vocab_size() const override { return vocab_size_; }

  // Called before each step; an error is what forward() then returns.
  void set_before_step(std::function<Status(const BatchView&)> hook) {
    before_step_ = std::move(hook);
  }

  void move_latents(std::span<const LatentMove> moves, int32_t shift) override {
    for (const LatentMove& move : moves) {
      const Slot& from = slots_.at(static_cast<size_t>(move.from_slot));
      slots_.at(static_cast<size_t>(move.to_slot)) = {from.token, from.position + shift};
      ++num_moves_;
    }
  }
  // Rows that were moved so far.
  int64_t num_moves() const { return num_moves_; }

  Status forward(const BatchView& batch, std::span<float> logits) override {
    if (before_step_) RETURN_IF_ERROR(before_step_(batch));
    CHECK(batch.positions.size() == batch.token_ids.size());
    CHECK(batch.slot_mapping.size() == batch.token_ids.size());
    CHECK(logits.size() == batch.logit_rows.size() * static_cast<size_t>(vocab_size_));
    for (size_t t = 0; t < batch.token_ids.size(); ++t) {
      slots_.at(static_cast<size_t>(batch.slot_mapping[t])) = {batch.token_ids[t],
                                                               batch.positions[t]};
    }
    size_t row = 0;
    for (const SequenceSlice& slice : batch.sequences) {
      const int32_t query_end = slice.query_start + slice.num_queries;
      while (row < batch.logit_rows.size() && batch.logit_rows[row] < query_end) {
        const int32_t query = batch.logit_rows[row] - slice.query_start;
        CHECK(query >= 0);
        const int32_t length = slice.context_length - slice.num_queries + query + 1;
        CHECK(batch.positions[static_cast<size_t>(batch.logit_rows[row])] == length - 1);
        read_context(slice.block_table, length);
        const size_t columns = static_cast<size_t>(vocab_size_);
        script_(context_, logits.subspan(row * columns, columns));
        ++row;
      }
    }
    CHECK(row == batch.logit_rows.size());
    return Status::ok();
  }

 private:
  struct Slot {
    TokenId token = -1;  // nobody has filled it
    int32_t position = 0;
  };

  void read_context(std::span<const int32_t> block_table, int32_t length) {
    context_.clear();
    for (int32_t position = 0; position < length; ++position) {
      const int32_t block = block_table[static_cast<size_t>(position / kBlockSize)];
      const Slot& slot = slots_.at(static_cast<size_t>(block * kBlockSize + position % kBlockSize));
      CHECK(slot.token != -1 && slot.position == position);
      context_.push_back(slot.token);
    }
  }

  int32_t vocab_size_;
  std::vector<Slot> slots_;
  int64_t num_moves_ = 0;
  std::vector<TokenId> context_;
  LogitScript script_;
  std::function<Status(const BatchView&)> before_step_;
};

}  // namespace youtu
