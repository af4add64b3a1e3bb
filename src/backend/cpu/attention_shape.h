// How the attention of the CPU backend is cut into pieces. The cuts lie at fixed positions of the
// context, so a token's result does not depend on how a prompt was chunked.
#pragma once

#include <cstdint>

#include "backend/batch_view.h"
#include "backend/operands.h"

namespace youtu {

// The position of a token of the step in its sequence, and how many tokens it sees.
inline int32_t position_of(const SequenceSlice& sequence, int32_t token) {
  return sequence.context_length - sequence.num_queries + (token - sequence.query_start);
}
inline int32_t context_of(const SequenceSlice& sequence, int32_t token) {
  return position_of(sequence, token) + 1;
}

inline uint8_t* block_at(const LatentLayer& cache, const SequenceSlice& sequence,
                         int32_t position) {
  return cache.block(sequence.block_table[static_cast<size_t>(position / kBlockSize)]);
}

inline constexpr int32_t kAbsorbedTokens = 64;  // queries taken into the latent space at a time
inline constexpr int32_t kHeadGroup = 4;        // heads that share a pass over the latents
inline constexpr int32_t kAbsorbedTile =
    4 * kBlockSize;  // context positions between two corrections
inline constexpr int32_t kExpandedBlock = 16 * kBlockSize;  // context positions expanded at a time
inline constexpr int32_t kQueryTile = 32;  // queries of a head that share a pass over expanded keys
// The softmax of attention over an 8-bit cache takes powers of 2.
inline constexpr float kLog2E = 1.44269504088896341f;
// Attention over integers (docs/attention.md). Limits of magnitudes, so that sums fit 32 bits.
inline constexpr int32_t kMaxUnits = 64;     // (query, tile) pairs whose results are held at a time
inline constexpr int64_t kLineBytes = 64;    // of a quad of bytes, or a pair of words, of a block
inline constexpr float kLatentLimit = 127;   // of latents
inline constexpr float kRopeLimit = 4095;    // of rope keys
inline constexpr float kKeyLimit = 4095;     // of expanded keys
inline constexpr float kValueLimit = 1023;   // of expanded values
inline constexpr float kByteWeight = 32767;  // of softmax weights of latents:
inline constexpr float kWordWeight = 16383;  // of softmax weights of expanded values
inline constexpr int32_t kWidenedRows = 4;   // weight rows widened at a time

}  // namespace youtu
