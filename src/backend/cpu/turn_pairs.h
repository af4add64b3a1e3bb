// The rotation of rotary position embedding (Su et al., arXiv 2104.09864), as it is applied to
// queries, to fresh rope keys, and to rope keys of the cache that get another position.
#pragma once

#include <cstdint>

#include "backend/operands.h"

namespace youtu {

// Turns the pairs of `values` [rotary_dim] by row `row` of the table.
inline void turn_pairs(const RopeTable& table, int32_t row, float* values) {
  const int32_t half = table.rotary_dim / 2;
  const float* cos = table.cos + static_cast<int64_t>(row) * half;
  const float* sin = table.sin + static_cast<int64_t>(row) * half;
  for (int32_t i = 0; i < half; ++i) {
    float& a = values[table.interleaved ? 2 * i : i];
    float& b = values[table.interleaved ? 2 * i + 1 : half + i];
    const float turned = a * cos[i] - b * sin[i];
    b = b * cos[i] + a * sin[i];
    a = turned;
  }
}

}  // namespace youtu
