// What attention over integers has in both of its forms: limits, padding, and a tile of the
// context.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "backend/cpu/attention_shape.h"
#include "backend/cpu/cpu_backend.h"
#include "base/numbers.h"

namespace youtu {

inline constexpr int32_t kTile = kLatentTile;
static_assert(kLatentBlock == kBlockSize && kTile == kExpandedBlock);
inline constexpr int32_t kTileBlocks = kTile / kBlockSize;

// The largest query whose products with `dims` keys of at most `key_limit` sum to 32 bits.
inline float query_limit(int32_t dims, float key_limit) {
  const double limit = std::floor(2147483647.0 / (double{key_limit} * dims));
  return static_cast<float>(std::min(limit, 32767.0));
}

// What padding adds to expanded keys and values.
inline int32_t padded_nope(int32_t nope_dim) {
  return align_up<int32_t>(nope_dim, 2);
}
inline int32_t padded_value(int32_t v_dim) {
  return align_up<int32_t>(v_dim, 16);
}

// A worker's view of a tile of the context, and what it computes of it.
struct CpuBackend::Tile {
  float* values;       // [rows][value_dim], if asked for
  float* scores;       // [rows][kTile]
  float* key_scales;   // [kTile]
  float* rope_scales;  // [kTile]
  uint8_t* weights;    // [kTile][rows + 1] kWeightBytes
  LatentWeights* rows;
  const uint8_t* blocks[kTileBlocks];
  const uint8_t* ropes[kTileBlocks];
  int32_t num_blocks;

  static int64_t bytes(int64_t num_rows, int64_t value_dim) {
    return align_up<int64_t>(
        kTile * ((num_rows + 2) * int64_t{sizeof(float)} + (num_rows + 1) * kWeightBytes) +
            num_rows * (value_dim * int64_t{sizeof(float)} + int64_t{sizeof(LatentWeights)}),
        64);
  }
  Tile(uint8_t* memory, int64_t num_rows, int64_t value_dim) {
    values = reinterpret_cast<float*>(memory);
    weights = memory + num_rows * value_dim * int64_t{sizeof(float)};
    scores = reinterpret_cast<float*>(weights + kTile * (num_rows + 1) * kWeightBytes);
    key_scales = scores + kTile * num_rows;
    rope_scales = key_scales + kTile;
    rows = reinterpret_cast<LatentWeights*>(rope_scales + kTile);
  }
  // Finds the blocks of the positions from `begin` on, and their scales.
  void open(const LatentLayer& cache, const SequenceSlice& sequence, int32_t begin, int32_t count) {
    num_blocks = div_ceil(count, kBlockSize);
    for (int32_t b = 0; b < num_blocks; ++b) {
      blocks[b] = block_at(cache, sequence, begin + b * kBlockSize);
      ropes[b] = blocks[b] + cache.rope_offset();
      const uint8_t* scales = blocks[b] + cache.scales_offset();
      constexpr size_t kBytes = kBlockSize * sizeof(float);
      std::memcpy(key_scales + b * kBlockSize, scales, kBytes);
      std::memcpy(rope_scales + b * kBlockSize, scales + kBytes, kBytes);
    }
  }
};

}  // namespace youtu
