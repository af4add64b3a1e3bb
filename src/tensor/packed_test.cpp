#include "tensor/packed.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "base/numbers.h"
#include "tensor/dequantize.h"
#include "tensor/levels.h"
#include "tests/support/random_floats.h"

namespace youtu {
namespace {

// Storage for a LevelRow.
struct RowStorage {
  explicit RowStorage(const PackedShape& shape)
      : levels(static_cast<size_t>(shape.padded_cols)),
        scales(static_cast<size_t>(shape.num_groups)),
        mins(shape.format.has_min ? scales.size() : 0) {}
  LevelRow view() { return {levels, scales, mins}; }

  std::vector<uint8_t> levels;
  std::vector<uint16_t> scales, mins;
};

std::vector<float> pack_and_read(const PackedShape& shape, const std::vector<float>& values) {
  std::vector<uint8_t> panels(static_cast<size_t>(shape.bytes()));
  std::vector<float> back(values.size());
  for (int64_t row = 0; row < shape.rows; ++row) {
    RowStorage storage(shape);
    round_to_levels(shape, values.data() + row * shape.cols, storage.view());
    write_packed_row(shape, row, storage.view(), panels);
  }
  for (int64_t row = 0; row < shape.rows; ++row) {
    read_packed_row(shape, panels.data(), row, back.data() + row * shape.cols);
  }
  return back;
}

double rms(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * value;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

TEST(Packed, ShapeCountsPanelsLinesAndScales) {
  const PackedShape shape({.bits = 4, .group = 32, .has_min = false}, 2048, 6144);
  EXPECT_EQ(shape.num_panels, 128);
  EXPECT_EQ(shape.lines_offset, 6144 / 32 * 32);
  EXPECT_EQ(shape.panel_bytes, 6144 / 32 * 32 + 6144 * 8);
  // 4.5 bits a weight.
  EXPECT_EQ(shape.bytes() * 8, int64_t{2048} * 6144 * 9 / 2);
  // Odd sizes are filled up; the lines begin at a multiple of 64 bytes.
  const PackedShape odd({.bits = 8, .group = 32, .has_min = true}, 17, 33);
  EXPECT_EQ(odd.num_panels, 2);
  EXPECT_EQ(odd.padded_cols, 64);
  EXPECT_EQ(odd.lines_offset, 128);
}

TEST(Packed, EveryFormatKeepsValuesWithinHalfAStep) {
  for (const int32_t bits : {4, 8}) {
    for (const int32_t group : {32, 64, 128}) {
      for (const bool has_min : {false, true}) {
        for (const int64_t cols : {32, 33, 200, 256}) {
          const PackedFormat format = {.bits = bits, .group = group, .has_min = has_min};
          const PackedShape shape(format, 19, cols);
          const auto values = random_floats(static_cast<size_t>(19 * cols), 5, 0.02f);
          const auto back = pack_and_read(shape, values);
          std::vector<float> error(values.size());
          for (size_t i = 0; i < values.size(); ++i) error[i] = values[i] - back[i];
          // A uniform error of one step, of 2 to 3 deviations over half the levels: 1 in 12 of its
          // square.
          const double expected = rms(values) * 3.0 / (1 << (bits - 1)) / std::sqrt(12.0);
          EXPECT_LT(rms(error), 1.3 * expected) << to_string(format) << " cols " << cols;
          EXPECT_GT(rms(error), 0.3 * expected) << to_string(format) << " cols " << cols;
        }
      }
    }
  }
}

TEST(Packed, AGroupOfZerosStaysZero) {
  for (const bool has_min : {false, true}) {
    const PackedShape shape({.bits = 4, .group = 32, .has_min = has_min}, 1, 64);
    std::vector<float> values(64, 0.0f);
    values[40] = 1.0f;
    const auto back = pack_and_read(shape, values);
    for (size_t i = 0; i < 32; ++i) EXPECT_EQ(back[i], 0.0f);
    EXPECT_NEAR(back[40], 1.0f, 1e-3);
  }
}

TEST(Packed, SearchedScalesAreNoWorseThanGgmlsRule) {
  const PackedShape shape({.bits = 4, .group = 32, .has_min = false}, 1, 32);
  for (uint32_t seed = 0; seed < 50; ++seed) {
    const auto values = random_floats(32, seed, 0.02f);
    const auto back = pack_and_read(shape, values);
    float extreme = 0, mine = 0, rule = 0;
    for (const float value : values)
      extreme = std::fabs(value) > std::fabs(extreme) ? value : extreme;
    const float d = f16_to_float(float_to_f16(extreme / -8));
    for (size_t i = 0; i < 32; ++i) {
      const float level = std::min(7.0f, std::nearbyint(values[i] / d));
      mine += (values[i] - back[i]) * (values[i] - back[i]);
      rule += (values[i] - level * d) * (values[i] - level * d);
    }
    EXPECT_LE(mine, rule * 1.0001f) << "seed " << seed;
  }
}

// Random blocks with sane scales.
std::vector<uint8_t> random_blocks(DType dtype, int64_t count, uint32_t seed) {
  const DTypeInfo& info = dtype_info(dtype);
  std::mt19937 rng(seed);
  std::vector<uint8_t> bytes(static_cast<size_t>(count * info.block_bytes));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(rng());
  const bool is_late = dtype == DType::kQ6_K || dtype == DType::kQ3_K || dtype == DType::kQ2_K;
  for (int64_t b = 0; b < count; ++b) {
    uint8_t* block = &bytes[static_cast<size_t>(b * info.block_bytes)];
    const uint16_t d = float_to_f16(0.001f + 0.0001f * static_cast<float>(rng() % 100));
    const uint16_t m = float_to_f16(0.002f);
    if (dtype == DType::kQ2_K) {
      std::memcpy(block + 80, &d, 2);
      std::memcpy(block + 82, &m, 2);
    } else if (is_late) {
      std::memcpy(block + info.block_bytes - 2, &d, 2);
    } else {
      std::memcpy(block, &d, 2);
      const bool has_min = dtype == DType::kQ4_1 || dtype == DType::kQ5_1 ||
                           dtype == DType::kQ4_K || dtype == DType::kQ5_K;
      if (has_min) std::memcpy(block + 2, &m, 2);
    }
  }
  return bytes;
}

TEST(Packed, GgufTypesKeepTheirLevels) {
  constexpr int64_t kCols = 512;
  for (int i = 0; i < kNumDTypes; ++i) {
    const auto dtype = static_cast<DType>(i);
    const auto repacking = find_repacking(dtype);
    if (!repacking || !repacking->keeps_levels) continue;
    const PackedShape shape(repacking->format, 1, kCols);
    const auto blocks = random_blocks(dtype, kCols / dtype_info(dtype).block_values, 9);
    RowStorage storage(shape);
    copy_levels(shape, dtype, blocks.data(), storage.view());
    std::vector<uint8_t> panels(static_cast<size_t>(shape.bytes()));
    write_packed_row(shape, 0, storage.view(), panels);
    std::vector<float> back(kCols), expected(kCols);
    read_packed_row(shape, panels.data(), 0, back.data());
    dequantize(dtype, blocks.data(), kCols, expected.data());
    // Only scales that are products are rounded, to eleven bits.
    const bool is_exact = dtype != DType::kQ4_K && dtype != DType::kQ5_K && dtype != DType::kIQ4_XS;
    for (size_t k = 0; k < kCols; ++k) {
      const float bound = is_exact ? 0 : std::fabs(expected[k]) * 0x1p-10f + 0.13f * 0x1p-10f;
      ASSERT_NEAR(back[k], expected[k], bound) << to_string(dtype) << " at " << k;
    }
  }
}

}  // namespace
}  // namespace youtu
