// The packed kernels of every table that this machine can run: the scalar specification against the
// layout's own reader, and every table against the specification, bit for bit, on odd sizes.

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "backend/cpu/cpu_features.h"
#include "base/numbers.h"
#include "tensor/levels.h"
#include "tensor/packed.h"
#include "tests/support/random_floats.h"

namespace youtu {
namespace {

const CpuKernels& scalar() {
  return *supported_kernels().back();
}

// Random bits are all of the levels; scales and minima are sane.
std::vector<uint8_t> random_panels(const PackedShape& shape, uint32_t seed) {
  std::mt19937 rng(seed);
  std::vector<uint8_t> panels(static_cast<size_t>(shape.bytes()));
  for (uint8_t& byte : panels) byte = static_cast<uint8_t>(rng());
  const int64_t halves = shape.num_groups * kPackedPanelRows * (shape.format.has_min ? 2 : 1);
  for (int64_t p = 0; p < shape.num_panels; ++p) {
    for (int64_t i = 0; i < halves; ++i) {
      const uint16_t half = float_to_f16(0.001f * static_cast<float>(rng() % 100) - 0.03f);
      std::memcpy(&panels[static_cast<size_t>(p * shape.panel_bytes + 2 * i)], &half, 2);
    }
  }
  return panels;
}

// Rows of activations, rounded by `kernels`.
struct Rounded {
  Rounded(const CpuKernels& kernels, const std::vector<float>& x, int32_t tokens, int32_t cols)
      : blocks(div_ceil(cols, int32_t{kActivationBlock})),
        values(static_cast<size_t>(tokens * blocks * kActivationBlock), 77),
        scales(static_cast<size_t>(tokens * blocks), -1.0f),
        sums(static_cast<size_t>(tokens * blocks * 7), -1),
        rest(values.size(), -1.0f) {
    for (int32_t t = 0; t < tokens; ++t) {
      kernels.packed.quantize_row(x.data() + int64_t{t} * cols, cols,
                                  &values[static_cast<size_t>(t * blocks * kActivationBlock)],
                                  &scales[static_cast<size_t>(t * blocks)],
                                  &sums[static_cast<size_t>(t * blocks * 7)],
                                  &rest[static_cast<size_t>(t * blocks * kActivationBlock)]);
    }
  }
  QuantizedRows view(int32_t group) const {
    const int32_t first = group == 32 ? 0 : group == 64 ? 4 * blocks : 6 * blocks;
    return {values.data(),       int64_t{blocks} * kActivationBlock,
            scales.data(),       blocks,
            sums.data() + first, int64_t{blocks} * 7};
  }

  int32_t blocks;
  std::vector<int8_t> values;
  std::vector<float> scales;
  std::vector<int32_t> sums;
  std::vector<float> rest;
};

class PackedTables : public testing::TestWithParam<const CpuKernels*> {
 protected:
  PackedTables() : scratch_(kPackedScratchBytes + 64) {}

  std::vector<float> linear(const CpuKernels& kernels, const PackedShape& shape,
                            const std::vector<uint8_t>& panels, const QuantizedRows& x,
                            int32_t tokens, bool accumulate, int64_t stride = 0) {
    if (stride == 0) stride = shape.rows + 3;
    std::vector<float> out(static_cast<size_t>(stride * tokens) + 16, 0.25f);
    const auto address = reinterpret_cast<uintptr_t>(scratch_.data());
    const PackedLinearArgs args = {
        .panels = panels.data(),
        .panel_bytes = shape.panel_bytes,
        .num_rows = static_cast<int32_t>(shape.rows),
        .num_cols = static_cast<int32_t>(shape.padded_cols),
        .bits = shape.format.bits,
        .group = shape.format.group,
        .has_min = shape.format.has_min,
        .x = x,
        .num_tokens = tokens,
        .out =
            out.data() + (64 - reinterpret_cast<uintptr_t>(out.data()) % 64) % 64 / sizeof(float),
        .out_stride = stride,
        .accumulate = accumulate,
        .reads_once = shape.rows % 3 == 0,  // tells where weights are fetched, and nothing else
        .scratch = scratch_.data() + (64 - address % 64) % 64,
    };
    kernels.packed.linear(&args);
    return {args.out, args.out + stride * tokens};
  }

 private:
  std::vector<uint8_t> scratch_;
};

TEST_P(PackedTables, RoundingGivesTheBitsOfTheSpecification) {
  for (const int32_t cols : {1, 31, 128, 129, 192, 300, 1024}) {
    auto x = random_floats(static_cast<size_t>(3 * cols), static_cast<uint32_t>(cols));
    for (size_t i = 0; i < static_cast<size_t>(cols); ++i) x[i] = 0;  // a row of nothing
    x[static_cast<size_t>(cols)] = 1e-39f;  // next to what has a scale of its own
    if (cols > 2) x[static_cast<size_t>(2 * cols + 1)] = -1000.0f;
    const Rounded expected(scalar(), x, 3, cols), actual(*GetParam(), x, 3, cols);
    EXPECT_EQ(actual.values, expected.values) << cols;
    EXPECT_EQ(actual.scales, expected.scales) << cols;
    EXPECT_EQ(actual.sums, expected.sums) << cols;
    EXPECT_EQ(actual.rest, expected.rest) << cols;
  }
}

TEST_P(PackedTables, RoundingStaysWithinHalfAStep) {
  const auto x = random_floats(300, 4);
  const Rounded rounded(*GetParam(), x, 1, 300);
  for (size_t i = 0; i < x.size(); ++i) {
    const float scale = rounded.scales[i / kActivationBlock];
    EXPECT_NEAR(static_cast<float>(rounded.values[i]) * scale, x[i], 0.5001f * scale);
  }
}

TEST_P(PackedTables, LinearGivesTheBitsOfTheSpecification) {
  for (const int32_t bits : {4, 8}) {
    for (const int32_t group : {32, 64, 128}) {
      for (const bool has_min : {false, true}) {
        for (const int32_t cols : {32, 128, 160, 384, 1100}) {
          for (const int32_t rows : {1, 16, 23, 48, 65}) {
            const PackedShape shape({.bits = bits, .group = group, .has_min = has_min}, rows, cols);
            const auto panels = random_panels(shape, static_cast<uint32_t>(cols + rows));
            constexpr int32_t kMost = 150;
            const auto x = random_floats(static_cast<size_t>(kMost * cols), 7);
            const Rounded rounded(scalar(), x, kMost, cols);
            for (const int32_t tokens : {1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 21, kMost}) {
              if (tokens > 21 && rows != 23) continue;  // the specification is slow
              const bool accumulate = tokens % 2 == 0;
              const auto view = rounded.view(group);
              const auto expected = linear(scalar(), shape, panels, view, tokens, accumulate);
              const auto actual = linear(*GetParam(), shape, panels, view, tokens, accumulate);
              ASSERT_EQ(actual, expected) << to_string(shape.format) << " cols " << cols << " rows "
                                          << rows << " tokens " << tokens;
            }
          }
        }
      }
    }
  }
}

// Outputs of many tokens that are too large for a cache may take another way to memory.
TEST_P(PackedTables, LargeOutputsHaveTheBitsOfTheSpecification) {
  constexpr int32_t kTokens = 131, kCols = 64;
  constexpr int64_t kStride = 8192;
  for (const int32_t rows : {64, 87}) {
    const PackedShape shape({.bits = 4, .group = 32}, rows, kCols);
    const auto panels = random_panels(shape, 5);
    const Rounded rounded(scalar(), random_floats(kTokens * kCols, 6), kTokens, kCols);
    for (const bool accumulate : {false, true}) {
      const auto view = rounded.view(32);
      EXPECT_EQ(linear(*GetParam(), shape, panels, view, kTokens, accumulate, kStride),
                linear(scalar(), shape, panels, view, kTokens, accumulate, kStride))
          << rows;
    }
  }
}

// The specification itself, against the layout's reader and the rounded activations in double.
TEST_P(PackedTables, LinearMultipliesWhatTheLayoutReads) {
  constexpr int32_t kRows = 23, kCols = 200, kTokens = 3;
  for (const int32_t bits : {4, 8}) {
    for (const bool has_min : {false, true}) {
      const PackedShape shape({.bits = bits, .group = 64, .has_min = has_min}, kRows, kCols);
      const auto weights = random_floats(kRows * kCols, 1);
      std::vector<uint8_t> panels(static_cast<size_t>(shape.bytes()));
      for (int32_t row = 0; row < kRows; ++row) {
        std::vector<uint8_t> levels(static_cast<size_t>(shape.padded_cols));
        std::vector<uint16_t> scales(static_cast<size_t>(shape.num_groups)), mins(scales.size());
        const LevelRow level_row = {levels, scales, mins};
        round_to_levels(shape, weights.data() + row * kCols, level_row);
        write_packed_row(shape, row, level_row, panels);
      }
      const auto x = random_floats(kTokens * kCols, 2);
      const Rounded rounded(*GetParam(), x, kTokens, kCols);
      const auto out = linear(*GetParam(), shape, panels, rounded.view(64), kTokens, false);
      for (int32_t row = 0; row < kRows; ++row) {
        std::vector<float> values(kCols);
        read_packed_row(shape, panels.data(), row, values.data());
        for (int32_t t = 0; t < kTokens; ++t) {
          double sum = 0;
          for (int32_t k = 0; k < kCols; ++k) {
            const auto b = static_cast<size_t>(t * rounded.blocks + k / kActivationBlock);
            const auto at = static_cast<size_t>(t * rounded.blocks * kActivationBlock + k);
            sum += double{values[static_cast<size_t>(k)]} * rounded.values[at] * rounded.scales[b];
          }
          ASSERT_NEAR(out[static_cast<size_t>(t * (kRows + 3) + row)], sum, 2e-4)
              << to_string(shape.format);
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, PackedTables, testing::ValuesIn(supported_kernels()),
                         [](const auto& table) { return std::string(table.param->name); });

}  // namespace
}  // namespace youtu
