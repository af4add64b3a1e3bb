#include "tensor/dequantize.h"

#include <cmath>
#include <cstring>

#include "base/check.h"
#include "base/numbers.h"
#include "tensor/block_layouts.h"

namespace youtu {

namespace {

constexpr int kShortBlock = 32;
constexpr int kLongBlock = 256;

int low_nibble(uint8_t byte) {
  return byte & 15;
}
int high_nibble(uint8_t byte) {
  return byte >> 4;
}
// Value e of a block of 32 by the rule that the short types share.
int nibble_of(const uint8_t* qs, int e) {
  return e < 16 ? low_nibble(qs[e]) : high_nibble(qs[e - 16]);
}
int bit_of(const uint8_t* bits, int e) {
  return (bits[e / 8] >> (e % 8)) & 1;
}

void decode(const BlockQ4_0& block, float* y) {
  const float d = f16_to_float(block.d);
  for (int e = 0; e < kShortBlock; ++e) y[e] = d * static_cast<float>(nibble_of(block.qs, e) - 8);
}

void decode(const BlockQ4_1& block, float* y) {
  const float d = f16_to_float(block.d);
  const float m = f16_to_float(block.m);
  for (int e = 0; e < kShortBlock; ++e) y[e] = d * static_cast<float>(nibble_of(block.qs, e)) + m;
}

void decode(const BlockQ5_0& block, float* y) {
  const float d = f16_to_float(block.d);
  for (int e = 0; e < kShortBlock; ++e) {
    y[e] = d * static_cast<float>(nibble_of(block.qs, e) + 16 * bit_of(block.qh, e) - 16);
  }
}

void decode(const BlockQ5_1& block, float* y) {
  const float d = f16_to_float(block.d);
  const float m = f16_to_float(block.m);
  for (int e = 0; e < kShortBlock; ++e) {
    y[e] = d * static_cast<float>(nibble_of(block.qs, e) + 16 * bit_of(block.qh, e)) + m;
  }
}

void decode(const BlockQ8_0& block, float* y) {
  const float d = f16_to_float(block.d);
  for (int e = 0; e < kShortBlock; ++e) y[e] = d * static_cast<float>(block.qs[e]);
}

void decode(const BlockIq4Nl& block, float* y) {
  const float d = f16_to_float(block.d);
  for (int e = 0; e < kShortBlock; ++e) {
    y[e] = d * static_cast<float>(kIq4Values[nibble_of(block.qs, e)]);
  }
}

void decode(const BlockMxfp4& block, float* y) {
  // The table holds twice the values, so the exponent is one less. 2^-128 is subnormal, and exact.
  const float scale = std::ldexp(1.0f, static_cast<int>(block.e) - 128);
  for (int e = 0; e < kShortBlock; ++e) {
    y[e] = scale * static_cast<float>(kMxfp4Values[nibble_of(block.qs, e)]);
  }
}

// The long types: value e = 128 h + 32 j + l, with h in 0..1, j in 0..3, l in 0..31. Types with
// sixteen scales have one for each 16 values, the others one for each 32.

void decode(const BlockQ2K& block, float* y) {
  const float d = f16_to_float(block.d);
  const float dmin = f16_to_float(block.dmin);
  for (int e = 0; e < kLongBlock; ++e) {
    const int h = e / 128, j = e / 32 % 4, l = e % 32;
    const int q = (block.qs[32 * h + l] >> (2 * j)) & 3;
    const uint8_t scale = block.scales[e / 16];
    y[e] = d * static_cast<float>(low_nibble(scale)) * static_cast<float>(q) -
           dmin * static_cast<float>(high_nibble(scale));
  }
}

// Scale t of sixteen: four low bits in bytes 0..7, two high bits in bytes 8..11.
int q3k_scale(const uint8_t* scales, int t) {
  const int low = t < 8 ? low_nibble(scales[t]) : high_nibble(scales[t - 8]);
  const int high = (scales[8 + t % 4] >> (2 * (t / 4))) & 3;
  return (low | (high << 4)) - 32;
}

void decode(const BlockQ3K& block, float* y) {
  const float d = f16_to_float(block.d);
  for (int e = 0; e < kLongBlock; ++e) {
    const int h = e / 128, j = e / 32 % 4, l = e % 32;
    const int low = (block.qs[32 * h + l] >> (2 * j)) & 3;
    const int high = (block.hmask[l] >> (4 * h + j)) & 1;
    y[e] = d * static_cast<float>(q3k_scale(block.scales, e / 16)) *
           static_cast<float>(low + 4 * high - 4);
  }
}

// Value l of sub-block s: pairs of sub-blocks share 32 bytes.
int paired_nibble(const uint8_t* qs, int s, int l) {
  const uint8_t byte = qs[32 * (s / 2) + l];
  return s % 2 == 0 ? low_nibble(byte) : high_nibble(byte);
}

void decode(const BlockQ4K& block, float* y) {
  const float d = f16_to_float(block.d);
  const float dmin = f16_to_float(block.dmin);
  for (int e = 0; e < kLongBlock; ++e) {
    const int s = e / 32, l = e % 32;
    const ScaleAndMin pair = scale_and_min(block.scales, s);
    y[e] = d * pair.scale * static_cast<float>(paired_nibble(block.qs, s, l)) - dmin * pair.min;
  }
}

void decode(const BlockQ5K& block, float* y) {
  const float d = f16_to_float(block.d);
  const float dmin = f16_to_float(block.dmin);
  for (int e = 0; e < kLongBlock; ++e) {
    const int s = e / 32, l = e % 32;
    const ScaleAndMin pair = scale_and_min(block.scales, s);
    const int q = paired_nibble(block.qs, s, l) + 16 * ((block.qh[l] >> s) & 1);
    y[e] = d * pair.scale * static_cast<float>(q) - dmin * pair.min;
  }
}

void decode(const BlockQ6K& block, float* y) {
  const float d = f16_to_float(block.d);
  for (int e = 0; e < kLongBlock; ++e) {
    const int h = e / 128, j = e / 32 % 4, l = e % 32;
    const uint8_t byte = block.ql[64 * h + 32 * (j % 2) + l];
    const int low = j < 2 ? low_nibble(byte) : high_nibble(byte);
    const int high = (block.qh[32 * h + l] >> (2 * j)) & 3;
    y[e] = d * static_cast<float>(block.scales[e / 16]) * static_cast<float>(low + 16 * high - 32);
  }
}

void decode(const BlockIq4Xs& block, float* y) {
  const float d = f16_to_float(block.d);
  for (int s = 0; s < 8; ++s) {
    const uint8_t byte = block.scales_l[s / 2];
    const int low = s % 2 == 0 ? low_nibble(byte) : high_nibble(byte);
    const int high = (block.scales_h >> (2 * s)) & 3;
    const float scale = d * static_cast<float>((low | (high << 4)) - 32);
    for (int e = 0; e < kShortBlock; ++e) {
      y[32 * s + e] = scale * static_cast<float>(kIq4Values[nibble_of(block.qs + 16 * s, e)]);
    }
  }
}

template <typename Block>
void decode_all(const uint8_t* bytes, int64_t num_values, int64_t block_values, float* out) {
  for (int64_t i = 0; i < num_values; i += block_values) {
    Block block;
    std::memcpy(&block, bytes, sizeof(Block));
    decode(block, out + i);
    bytes += sizeof(Block);
  }
}

template <float (*to_float)(uint16_t)>
void widen(const uint8_t* bytes, int64_t num_values, float* out) {
  for (int64_t i = 0; i < num_values; ++i) {
    uint16_t bits;
    std::memcpy(&bits, bytes + 2 * i, sizeof(bits));
    out[i] = to_float(bits);
  }
}

using Decoder = void (*)(const uint8_t* bytes, int64_t num_values, int64_t block_values,
                         float* out);

Decoder block_decoder(DType dtype) {
  switch (dtype) {
    case DType::kQ4_0:
      return decode_all<BlockQ4_0>;
    case DType::kQ4_1:
      return decode_all<BlockQ4_1>;
    case DType::kQ5_0:
      return decode_all<BlockQ5_0>;
    case DType::kQ5_1:
      return decode_all<BlockQ5_1>;
    case DType::kQ8_0:
      return decode_all<BlockQ8_0>;
    case DType::kQ2_K:
      return decode_all<BlockQ2K>;
    case DType::kQ3_K:
      return decode_all<BlockQ3K>;
    case DType::kQ4_K:
      return decode_all<BlockQ4K>;
    case DType::kQ5_K:
      return decode_all<BlockQ5K>;
    case DType::kQ6_K:
      return decode_all<BlockQ6K>;
    case DType::kIQ4_NL:
      return decode_all<BlockIq4Nl>;
    case DType::kIQ4_XS:
      return decode_all<BlockIq4Xs>;
    case DType::kMXFP4:
      return decode_all<BlockMxfp4>;
    default:
      return nullptr;
  }
}

}  // namespace

bool can_dequantize(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16 ||
         block_decoder(dtype) != nullptr;
}

void dequantize(DType dtype, const uint8_t* blocks, int64_t num_values, float* out) {
  CHECK(can_dequantize(dtype));
  const int64_t block_values = dtype_info(dtype).block_values;
  CHECK(num_values >= 0 && num_values % block_values == 0);
  if (num_values == 0) return;
  if (dtype == DType::kF32) {
    std::memcpy(out, blocks, static_cast<size_t>(num_values) * sizeof(float));
  } else if (dtype == DType::kF16) {
    widen<f16_to_float>(blocks, num_values, out);
  } else if (dtype == DType::kBF16) {
    widen<bf16_to_float>(blocks, num_values, out);
  } else {
    block_decoder(dtype)(blocks, num_values, block_values, out);
  }
}

}  // namespace youtu
