#include "tensor/dtype.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>

namespace youtu {
namespace {

__extension__ using Wide = __int128;

TEST(DTypeTest, EveryNameIsFoundAgain) {
  for (int i = 0; i < kNumDTypes; ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_FALSE(to_string(dtype).empty());
    EXPECT_EQ(find_dtype(to_string(dtype)), dtype) << to_string(dtype);
  }
  EXPECT_EQ(find_dtype("F128"), std::nullopt);
  EXPECT_EQ(find_dtype(""), std::nullopt);
}

TEST(DTypeTest, BytesOfWholeBlocks) {
  EXPECT_EQ(dtype_bytes(DType::kF32, 3), 12);
  EXPECT_EQ(dtype_bytes(DType::kQ4_K, 512), 288);
  EXPECT_EQ(dtype_bytes(DType::kF4, 4), 2);
  EXPECT_EQ(dtype_bytes(DType::kF6_E2M3, 8), 6);
  EXPECT_EQ(dtype_bytes(DType::kQ8_0, 0), 0);
}

TEST(DTypeTest, RefusesPartsOfBlocksNegativesAndOverflow) {
  EXPECT_EQ(dtype_bytes(DType::kQ4_0, 31), std::nullopt);
  EXPECT_EQ(dtype_bytes(DType::kF4, 3), std::nullopt);
  EXPECT_EQ(dtype_bytes(DType::kI8, -1), std::nullopt);
  EXPECT_EQ(dtype_bytes(DType::kF32, INT64_MAX / 2), std::nullopt);
}

TEST(DTypeTest, AgreesWith128BitArithmeticOnRandomSizes) {
  constexpr uint64_t kSeed = 20250101;
  std::mt19937_64 rng(kSeed);
  for (int i = 0; i < 1'000'000; ++i) {
    const auto dtype = static_cast<DType>(rng() % kNumDTypes);
    // Shifted by a random amount, so that small sizes and those near the limit are as frequent.
    const auto num_values = static_cast<int64_t>(rng() >> (1 + rng() % 63));
    const DTypeInfo& info = dtype_info(dtype);
    const Wide exact = static_cast<Wide>(num_values) / info.block_values * info.block_bytes;
    const bool fits = num_values % info.block_values == 0 && exact <= INT64_MAX;
    const auto bytes = dtype_bytes(dtype, num_values);
    ASSERT_EQ(bytes.has_value(), fits)
        << to_string(dtype) << " " << num_values << " seed " << kSeed;
    ASSERT_TRUE(!fits || static_cast<Wide>(*bytes) == exact)
        << to_string(dtype) << " " << num_values;
  }
}

}  // namespace
}  // namespace youtu
