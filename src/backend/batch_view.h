// The index arrays of one step: which tokens, where they stand, where their latents go, which
// logits are wanted.
#pragma once

#include <cstdint>
#include <span>

#include "youtu/types.h"

namespace youtu {

// Token positions in a cache block, the unit of paging.
inline constexpr int32_t kBlockSize = 16;

// A row of the latent cache that another slot is to hold, too.
struct LatentMove {
  int32_t from_slot = 0;
  int32_t to_slot = 0;
};

// The part of a step that belongs to one sequence. Its new tokens are the last `num_queries` of
// `context_length`.
struct SequenceSlice {
  int32_t query_start = 0;     // index of its first token in the step
  int32_t num_queries = 0;     // new tokens, at least 1
  int32_t context_length = 0;  // tokens in the cache after this step, the new ones included
  std::span<const int32_t>
      block_table;  // block ids; block i holds positions [i * kBlockSize, (i+1) * kBlockSize)
};

// T tokens of S sequences. Views into arrays of the caller, valid during the step.
struct BatchView {
  std::span<const TokenId> token_ids;  // [T]
  std::span<const int32_t> positions;  // [T]
  std::span<const int32_t>
      slot_mapping;  // [T] block_id * kBlockSize + offset: where each token's latent goes
  std::span<const SequenceSlice> sequences;  // [S] in the order of their tokens
  std::span<const int32_t> logit_rows;       // indices into [T] whose logits are wanted, ascending
};

}  // namespace youtu
