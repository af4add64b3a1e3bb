// A row that is moved is the row that would have been stored at its new position: against a plain
// statement of the rotation in double precision, from keys that nobody has rotated.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/cpu_features.h"
#include "base/numbers.h"

namespace youtu {
namespace {

constexpr int32_t kLatent = 36, kRope = 12, kSlot = kLatent + kRope;
constexpr int32_t kRows = 150, kBlocks = 24;
constexpr double kTheta = 1000;

constexpr StepLimits kLimits = {.max_tokens = kRows,
                                .num_heads = 1,
                                .nope_dim = 4,
                                .rope_dim = kRope,
                                .v_dim = 4,
                                .latent_dim = kLatent};

using Floats = std::vector<float>;

// A table of kernels, what the cache holds, and how pairs lie in a rope key.
using Case = std::tuple<const CpuKernels*, CacheDType, bool>;

class MoveLatentsTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(backend_.reserve(kLimits));
    cache_ = {nullptr, dtype(), kLatent, kRope};
    bytes_.resize(size_t{kBlocks} * static_cast<size_t>(cache_.block_bytes()));
    cache_.data = bytes_.data();
    std::mt19937 random(5);
    std::normal_distribution<float> normal;
    rows_.resize(size_t{kRows} * kSlot);
    for (float& value : rows_) value = normal(random);
  }

  CacheDType dtype() const { return std::get<1>(GetParam()); }
  bool is_interleaved() const { return std::get<2>(GetParam()); }
  float value(int32_t row, int32_t d) const { return rows_[static_cast<size_t>(row * kSlot + d)]; }
  // Rows begin somewhere inside the cache, and go where blocks are cut elsewhere.
  static int32_t from_slot(int32_t row) { return 5 + row; }
  static int32_t to_slot(int32_t row) { return 12 * kBlockSize - 3 + row; }

  // What the rope key of a row is at a position.
  std::array<double, kRope> rotated(int32_t row, int32_t position) const {
    std::array<double, kRope> key;
    for (int32_t i = 0; i < kRope / 2; ++i) {
      const int32_t first = is_interleaved() ? 2 * i : i;
      const int32_t second = is_interleaved() ? 2 * i + 1 : kRope / 2 + i;
      const double angle = position * std::pow(kTheta, -2.0 * i / kRope);
      const double a = value(row, kLatent + first), b = value(row, kLatent + second);
      key[static_cast<size_t>(first)] = a * std::cos(angle) - b * std::sin(angle);
      key[static_cast<size_t>(second)] = b * std::cos(angle) + a * std::sin(angle);
    }
    return key;
  }

  // Stores all rows, each as of position `first_position` + its number.
  void store(int32_t first_position) {
    Floats latents = rows_;
    std::vector<int32_t> slots;
    for (int32_t row = 0; row < kRows; ++row) {
      const auto key = rotated(row, first_position + row);
      for (int32_t d = 0; d < kRope; ++d) {
        latents[static_cast<size_t>(row * kSlot + kLatent + d)] =
            static_cast<float>(key[static_cast<size_t>(d)]);
      }
      slots.push_back(from_slot(row));
    }
    const BatchView batch = {{}, {}, slots, {}, {}};
    backend_.begin_step(batch);
    backend_.store_latent({latents.data(), kRows, kSlot, kSlot}, cache_);
  }

  void move(int32_t shift) { move(shift, backend_); }
  void move(int32_t shift, CpuBackend& backend) {
    Floats cos, sin;
    for (int32_t i = 0; i < kRope / 2; ++i) {
      const double angle = shift * std::pow(kTheta, -2.0 * i / kRope);
      cos.push_back(static_cast<float>(std::cos(angle)));
      sin.push_back(static_cast<float>(std::sin(angle)));
    }
    std::vector<LatentMove> moves;
    for (int32_t row = 0; row < kRows; ++row) moves.push_back({from_slot(row), to_slot(row)});
    const RopeTable turn = {cos.data(), sin.data(), kRope, is_interleaved()};
    backend.move_latents(moves, shift == 0 ? nullptr : &turn, cache_);
  }

  // The bytes of a slot, gathered: latent, rope key, and over integers the two scales.
  std::vector<uint8_t> bytes_of(int32_t slot) const {
    if (dtype() != CacheDType::kInt8) {
      return {cache_.slot(slot), cache_.slot(slot) + cache_.slot_bytes()};
    }
    std::vector<uint8_t> bytes;
    for (int64_t line = 0; line < cache_.block_bytes(); line += 4 * kBlockSize) {
      const uint8_t* lane = cache_.block(slot / kBlockSize) + line + 4 * (slot % kBlockSize);
      bytes.insert(bytes.end(), lane, lane + 4);
    }
    return bytes;
  }

  // The same as numbers, [L + R].
  Floats read(int32_t slot) const {
    const std::vector<uint8_t> bytes = bytes_of(slot);
    Floats values;
    float scales[2] = {};
    if (dtype() == CacheDType::kInt8) {
      std::memcpy(scales, bytes.data() + bytes.size() - sizeof(scales), sizeof(scales));
    }
    for (size_t d = 0; d < kSlot; ++d) {
      float value = 0;
      if (dtype() == CacheDType::kF32) {
        std::memcpy(&value, bytes.data() + 4 * d, 4);
      } else if (dtype() == CacheDType::kBF16) {
        std::memcpy(reinterpret_cast<uint8_t*>(&value) + 2, bytes.data() + 2 * d, 2);
      } else if (d < kLatent) {
        value = static_cast<float>(bytes[d] - 128) * scales[0];
      } else {
        int16_t word = 0;
        std::memcpy(&word, bytes.data() + kLatent + 2 * (d - kLatent), 2);
        value = static_cast<float>(word) * scales[1];
      }
      values.push_back(value);
    }
    return values;
  }

  // How far a stored, turned and stored again value may be from the true one: half a step of the
  // storage each time, the first of which a rotation may put into one value of a pair.
  double tolerance(int32_t row) const {
    double longest = 0;
    for (int32_t i = 0; i < kRope; ++i) {
      for (int32_t j = 0; j < kRope; ++j) {
        longest = std::max(
            longest, std::hypot(double{value(row, kLatent + i)}, double{value(row, kLatent + j)}));
      }
    }
    const double half_step = dtype() == CacheDType::kF32    ? 1e-6
                             : dtype() == CacheDType::kBF16 ? 1.0 / 256
                                                            : 1.0 / 4095 / 2;
    return longest * half_step * (1 + std::sqrt(2.0)) + 1e-6;
  }

  ThreadPool pool_{3};
  CpuBackend backend_{*std::get<0>(GetParam()), pool_};
  LatentLayer cache_;
  std::vector<uint8_t> bytes_;
  Floats rows_;  // [kRows, L + R], the rope keys as of position 0
};

TEST_P(MoveLatentsTest, AMovedRowIsTheRowOfItsNewPosition) {
  for (const int32_t shift : {-200, -1, 37}) {
    SCOPED_TRACE(testing::Message() << "shift " << shift);
    store(200);
    move(shift);
    for (int32_t row = 0; row < kRows; ++row) {
      const Floats before = read(from_slot(row)), after = read(to_slot(row));
      for (int32_t d = 0; d < kLatent; ++d) {
        ASSERT_EQ(after[static_cast<size_t>(d)], before[static_cast<size_t>(d)]);
      }
      const auto expected = rotated(row, 200 + row + shift);
      for (int32_t d = 0; d < kRope; ++d) {
        ASSERT_NEAR(after[static_cast<size_t>(kLatent + d)], expected[static_cast<size_t>(d)],
                    tolerance(row))
            << "row " << row << ", value " << d;
      }
    }
  }
}

TEST_P(MoveLatentsTest, AShiftOfNothingKeepsEveryBit) {
  store(200);
  move(0);
  for (int32_t row = 0; row < kRows; ++row) {
    ASSERT_EQ(bytes_of(to_slot(row)), bytes_of(from_slot(row))) << "row " << row;
  }
}

TEST_P(MoveLatentsTest, WhatIsNotNamedStaysAsItIs) {
  store(200);
  std::vector<std::vector<uint8_t>> before;
  for (int32_t slot = 0; slot < kBlocks * kBlockSize; ++slot) before.push_back(bytes_of(slot));
  move(-7);
  for (int32_t slot = 0; slot < kBlocks * kBlockSize; ++slot) {
    if (slot >= to_slot(0) && slot < to_slot(kRows)) continue;
    ASSERT_EQ(bytes_of(slot), before[static_cast<size_t>(slot)]) << "slot " << slot;
  }
}

TEST_P(MoveLatentsTest, AllTablesGiveTheSameBits) {
  store(200);
  move(-200);
  const std::vector<uint8_t> ours = bytes_;
  CpuBackend scalar(*supported_kernels().back(), pool_);
  ASSERT_TRUE(scalar.reserve(kLimits));
  store(200);
  move(-200, scalar);
  EXPECT_EQ(bytes_, ours);
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const CpuKernels* kernels : supported_kernels()) {
    for (const CacheDType dtype : {CacheDType::kF32, CacheDType::kBF16, CacheDType::kInt8}) {
      for (const bool is_interleaved : {true, false}) {
        cases.emplace_back(kernels, dtype, is_interleaved);
      }
    }
  }
  return cases;
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  constexpr const char* kTypes[] = {"f32", "bf16", "int8"};
  const auto& [kernels, dtype, is_interleaved] = info.param;
  return std::string(kernels->name) + "_" + kTypes[static_cast<size_t>(dtype)] +
         (is_interleaved ? "_pairs" : "_halves");
}

INSTANTIATE_TEST_SUITE_P(Tables, MoveLatentsTest, testing::ValuesIn(all_cases()), name_of);

}  // namespace
}  // namespace youtu
