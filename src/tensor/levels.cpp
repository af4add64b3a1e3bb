#include "tensor/levels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "base/check.h"
#include "base/numbers.h"
#include "tensor/block_layouts.h"
#include "tensor/dequantize.h"

namespace youtu {

namespace {

constexpr uint16_t kHalfOne = 0x3c00;

// ---- from values

struct Group {
  const float* values;
  int64_t count;  // may be less than the levels: columns that only fill up
  std::span<uint8_t> levels;
};

// One over an f16 scale; zero where the scale is.
float inverse_of(uint16_t scale) {
  const float value = f16_to_float(scale);
  return value == 0 ? 0 : 1 / value;
}

int round_level(float scaled, int zero_point, int max) {
  return std::clamp(static_cast<int>(std::lrintf(scaled)) + zero_point, 0, max);
}

// Squared error of the group with a symmetric scale of four bits.
float error_of(const Group& group, uint16_t scale) {
  const float step = f16_to_float(scale), inverse = inverse_of(scale);
  float error = 0;
  for (int64_t i = 0; i < group.count; ++i) {
    const float level = std::clamp(std::nearbyint(group.values[i] * inverse), -8.0f, 7.0f);
    const float rest = group.values[i] - level * step;
    error += rest * rest;
  }
  return error;
}

// The range of four bits is -8 to 7, so the value of the largest magnitude may take either end, and
// clipping it a little can serve the others.
uint16_t best_scale4(const Group& group) {
  float extreme = 0;
  for (int64_t i = 0; i < group.count; ++i) {
    if (std::fabs(group.values[i]) > std::fabs(extreme)) extreme = group.values[i];
  }
  uint16_t best = float_to_f16(extreme / -8);
  float smallest = error_of(group, best);
  for (const float end : {-7.5f, -8.5f, -9.0f, 7.0f, 7.5f, 8.0f}) {
    const uint16_t scale = float_to_f16(extreme / end);
    const float error = error_of(group, scale);
    if (error < smallest) {
      smallest = error;
      best = scale;
    }
  }
  return best;
}

uint16_t round_symmetric(const Group& group, int bits) {
  uint16_t scale;
  if (bits == 4) {
    scale = best_scale4(group);
  } else {
    float largest = 0;
    for (int64_t i = 0; i < group.count; ++i)
      largest = std::max(largest, std::fabs(group.values[i]));
    scale = float_to_f16(largest / 127);
  }
  const float inverse = inverse_of(scale);
  const int zero_point = 1 << (bits - 1);
  for (int64_t i = 0; i < group.count; ++i) {
    group.levels[static_cast<size_t>(i)] = static_cast<uint8_t>(
        round_level(group.values[i] * inverse, zero_point, 2 * zero_point - 1));
  }
  std::fill(group.levels.begin() + group.count, group.levels.end(),
            static_cast<uint8_t>(zero_point));
  return scale;
}

struct ScaleAndMinHalves {
  uint16_t scale;
  uint16_t min;
};

ScaleAndMinHalves round_with_min(const Group& group, int bits) {
  const auto [low, high] = std::minmax_element(group.values, group.values + group.count);
  const int max = (1 << bits) - 1;
  // Zero stays representable, so that what fills up stands for nearly nothing.
  const float least = std::min(*low, 0.0f), most = std::max(*high, 0.0f);
  const ScaleAndMinHalves result = {float_to_f16((most - least) / static_cast<float>(max)),
                                    float_to_f16(least)};
  const float inverse = inverse_of(result.scale), min = f16_to_float(result.min);
  for (size_t i = 0; i < group.levels.size(); ++i) {
    const float value = static_cast<int64_t>(i) < group.count ? group.values[i] : 0;
    group.levels[i] = static_cast<uint8_t>(round_level((value - min) * inverse, 0, max));
  }
  return result;
}

// ---- from blocks

// Integers of a block whose scale is one and whose minimum is zero: what its decoder gives is
// exact.
template <typename Block>
void copy_integers(const Block& block, DType dtype, int zero_point, uint8_t* levels) {
  constexpr int kMaxValues = 256;
  float values[kMaxValues];
  const int32_t count = dtype_info(dtype).block_values;
  dequantize(dtype, reinterpret_cast<const uint8_t*>(&block), count, values);
  for (int32_t i = 0; i < count; ++i) {
    levels[i] = static_cast<uint8_t>(static_cast<int>(values[i]) + zero_point);
  }
}

// The same for the types that most files consist of.
void copy_nibbles(const uint8_t* qs, uint8_t* levels) {
  for (int i = 0; i < 16; ++i) {
    levels[i] = qs[i] & 15;
    levels[i + 16] = qs[i] >> 4;
  }
}

template <typename Block>
void copy_short_block(Block block, DType dtype, int zero_point, size_t group, const LevelRow& row) {
  row.scales[group] = block.d;
  block.d = kHalfOne;
  if constexpr (requires { block.m; }) {
    row.mins[group] = block.m;
    block.m = 0;
  }
  uint8_t* levels = &row.levels[group * 32];
  if constexpr (std::is_same_v<Block, BlockQ4_0> || std::is_same_v<Block, BlockQ4_1>) {
    copy_nibbles(block.qs, levels);
  } else if constexpr (std::is_same_v<Block, BlockQ8_0>) {
    for (int i = 0; i < 32; ++i) levels[i] = static_cast<uint8_t>(block.qs[i] + zero_point);
  } else {
    copy_integers(block, dtype, zero_point, levels);
  }
}

// Q4_K and Q5_K: eight groups with scales and minima of six bits times two halves.
template <typename Block>
void copy_long_block(Block block, DType dtype, int zero_point, size_t group, const LevelRow& row) {
  const float d = f16_to_float(block.d), dmin = f16_to_float(block.dmin);
  for (int s = 0; s < 8; ++s) {
    const ScaleAndMin pair = scale_and_min(block.scales, s);
    row.scales[group + static_cast<size_t>(s)] = float_to_f16(d * pair.scale);
    row.mins[group + static_cast<size_t>(s)] = float_to_f16(-dmin * pair.min);
  }
  block.d = kHalfOne;
  block.dmin = 0;
  // Scales of one, in the packing that scale_and_min reads.
  std::memset(block.scales, 1, 4);
  std::memset(block.scales + 4, 0, 4);
  std::memset(block.scales + 8, 1, 4);
  copy_integers(block, dtype, zero_point, &row.levels[group * 32]);
}

void copy_iq4_xs(BlockIq4Xs block, int zero_point, size_t group, const LevelRow& row) {
  // The decoder's values for the level that stands for one are the scales.
  float values[256];
  BlockIq4Xs ones = block;
  static_assert(kIq4Values[8] == 1);
  std::memset(ones.qs, 0x88, sizeof(ones.qs));
  dequantize(DType::kIQ4_XS, reinterpret_cast<const uint8_t*>(&ones), 256, values);
  for (size_t s = 0; s < 8; ++s) row.scales[group + s] = float_to_f16(values[32 * s]);
  block.d = kHalfOne;
  block.scales_h = 0xaaaa;  // 33 in six bits, of which 32 is the zero
  std::memset(block.scales_l, 0x11, sizeof(block.scales_l));
  copy_integers(block, DType::kIQ4_XS, zero_point, &row.levels[group * 32]);
}

void copy_block(DType dtype, const uint8_t* bytes, int zero_point, size_t group,
                const LevelRow& row) {
  const auto read = [&]<typename Block>(Block) {
    Block block;
    std::memcpy(&block, bytes, sizeof(block));
    return block;
  };
  switch (dtype) {
    case DType::kQ4_0:
      return copy_short_block(read(BlockQ4_0{}), dtype, zero_point, group, row);
    case DType::kQ4_1:
      return copy_short_block(read(BlockQ4_1{}), dtype, zero_point, group, row);
    case DType::kQ5_0:
      return copy_short_block(read(BlockQ5_0{}), dtype, zero_point, group, row);
    case DType::kQ5_1:
      return copy_short_block(read(BlockQ5_1{}), dtype, zero_point, group, row);
    case DType::kQ8_0:
      return copy_short_block(read(BlockQ8_0{}), dtype, zero_point, group, row);
    case DType::kIQ4_NL:
      return copy_short_block(read(BlockIq4Nl{}), dtype, zero_point, group, row);
    case DType::kQ4_K:
      return copy_long_block(read(BlockQ4K{}), dtype, zero_point, group, row);
    case DType::kQ5_K:
      return copy_long_block(read(BlockQ5K{}), dtype, zero_point, group, row);
    case DType::kIQ4_XS:
      return copy_iq4_xs(read(BlockIq4Xs{}), zero_point, group, row);
    default:
      CHECK(false);
  }
}

}  // namespace

void round_to_levels(const PackedShape& shape, const float* values, const LevelRow& row) {
  const auto width = static_cast<size_t>(shape.format.group);
  for (size_t g = 0; g < row.scales.size(); ++g) {
    const int64_t begin = static_cast<int64_t>(g) * shape.format.group;
    const Group group = {values + begin, std::min<int64_t>(shape.format.group, shape.cols - begin),
                         row.levels.subspan(g * width, width)};
    if (shape.format.has_min) {
      const ScaleAndMinHalves pair = round_with_min(group, shape.format.bits);
      row.scales[g] = pair.scale;
      row.mins[g] = pair.min;
    } else {
      row.scales[g] = round_symmetric(group, shape.format.bits);
    }
  }
}

std::optional<Repacking> find_repacking(DType dtype) {
  switch (dtype) {
    case DType::kQ4_0:
      return Repacking{{.bits = 4, .group = 32, .has_min = false}};
    case DType::kQ4_1:
    case DType::kQ4_K:
      return Repacking{{.bits = 4, .group = 32, .has_min = true}};
    case DType::kQ5_1:
    case DType::kQ5_K:
      return Repacking{{.bits = 8, .group = 32, .has_min = true}};
    case DType::kQ5_0:
    case DType::kQ8_0:
    case DType::kIQ4_NL:
    case DType::kIQ4_XS:
      return Repacking{{.bits = 8, .group = 32, .has_min = false}};
    case DType::kQ2_K:
    case DType::kQ3_K:
    case DType::kQ6_K:
      return Repacking{{.bits = 8, .group = 32, .has_min = false}, false};
    default:
      return std::nullopt;
  }
}

void copy_levels(const PackedShape& shape, DType dtype, const uint8_t* blocks,
                 const LevelRow& row) {
  const DTypeInfo& info = dtype_info(dtype);
  const auto groups = static_cast<size_t>(info.block_values / shape.format.group);
  DCHECK(shape.cols % info.block_values == 0);
  for (size_t group = 0; group < row.scales.size(); group += groups) {
    copy_block(dtype, blocks, shape.format.zero_point(), group, row);
    blocks += info.block_bytes;
  }
}

}  // namespace youtu
