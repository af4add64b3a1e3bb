// The index arrays of steps over sequences that are made up: all of one length, each with blocks of
// its own, as a server that had grown them side by side would have laid them out.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backend/batch_view.h"

namespace youtu {

// The next tokens of every sequence.
struct StepShape {
  int32_t begin = 0;         // position of the first
  int32_t num_tokens = 1;    // of each sequence
  bool wants_logits = true;  // of each sequence's last token
};

class StepLayout {
 public:
  // Begins anew with `num_sequences` sequences with room for `length` tokens each. Block i of
  // sequence s is block i * num_sequences + s of the cache.
  void begin(int32_t num_sequences, int32_t length);

  // The step that computes `token_ids` [num_sequences * shape.num_tokens], sequence after sequence.
  // Valid until the next call; allocates nothing once it has been called with a shape as large.
  // REQUIRES: the shape lies within the length.
  const BatchView& lay_out(const StepShape& shape, std::span<const TokenId> token_ids);

 private:
  int32_t num_sequences_ = 0;
  int32_t blocks_each_ = 0;
  std::vector<int32_t> block_tables_;  // [num_sequences][blocks_each]
  std::vector<int32_t> positions_;     // [T]
  std::vector<int32_t> slot_mapping_;  // [T]
  std::vector<int32_t> logit_rows_;
  std::vector<SequenceSlice> sequences_;
  BatchView batch_;
};

}  // namespace youtu
