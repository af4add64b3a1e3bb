#include "tensor/quantize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "base/numbers.h"
#include "tensor/block_layouts.h"

namespace youtu {

namespace {

constexpr int64_t kBlock = 32;

// The value of the largest magnitude, with its sign; the first of equals.
float largest_magnitude(const float* x) {
  float largest = 0;
  for (int i = 0; i < kBlock; ++i) {
    if (std::fabs(x[i]) > std::fabs(largest)) largest = x[i];
  }
  return largest;
}

// One over the scale before it is rounded to f16: ggml quantises with the exact one and stores the
// rounded one. A scale too small for a finite inverse is stored as zero anyway.
float inverse(float scale) {
  const float result = 1 / scale;
  return std::isfinite(result) ? result : 0;
}

void encode(const float* x, BlockQ8_0& block) {
  const float d = std::fabs(largest_magnitude(x)) / 127;
  const float inverse_d = inverse(d);
  block.d = float_to_f16(d);
  for (int i = 0; i < kBlock; ++i) block.qs[i] = static_cast<int8_t>(std::round(x[i] * inverse_d));
}

void encode(const float* x, BlockQ4_0& block) {
  // The value of the largest magnitude becomes exactly -8, the end of the scale that has one level
  // more.
  const float d = largest_magnitude(x) / -8;
  const float inverse_d = inverse(d);
  const auto level = [&](int i) {
    return static_cast<uint8_t>(std::min(15, static_cast<int>(x[i] * inverse_d + 8.5f)));
  };
  block.d = float_to_f16(d);
  for (int i = 0; i < 16; ++i) block.qs[i] = static_cast<uint8_t>(level(i) | (level(i + 16) << 4));
}

template <typename Block>
void encode_all(const float* values, int64_t num_values, uint8_t* blocks) {
  CHECK(num_values >= 0 && num_values % kBlock == 0);
  for (int64_t i = 0; i < num_values; i += kBlock) {
    Block block;
    encode(values + i, block);
    std::memcpy(blocks, &block, sizeof(block));
    blocks += sizeof(block);
  }
}

}  // namespace

void quantize_q8_0(const float* values, int64_t num_values, uint8_t* blocks) {
  encode_all<BlockQ8_0>(values, num_values, blocks);
}

void quantize_q4_0(const float* values, int64_t num_values, uint8_t* blocks) {
  encode_all<BlockQ4_0>(values, num_values, blocks);
}

}  // namespace youtu
