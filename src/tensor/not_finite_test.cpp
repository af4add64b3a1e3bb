#include "tensor/not_finite.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace youtu {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TensorView view_of(const std::vector<float>& values, std::vector<int64_t> shape) {
  return {"t",
          DType::kF32,
          std::move(shape),
          {reinterpret_cast<const uint8_t*>(values.data()), values.size() * 4}};
}

TEST(NotFiniteTest, FiniteValuesAreFine) {
  const std::vector<float> values = {0, -1, std::numeric_limits<float>::max(),
                                     std::numeric_limits<float>::denorm_min()};
  EXPECT_FALSE(find_not_finite(view_of(values, {2, 2})));
  EXPECT_FALSE(find_not_finite(view_of({}, {0, 4})));
}

TEST(NotFiniteTest, NamesTheFirstAndCountsAll) {
  std::vector<float> values(24, 1.0f);
  values[17] = kInfinity;
  values[23] = kNan;
  const auto found = find_not_finite(view_of(values, {2, 3, 4}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->index, (std::vector<int64_t>{1, 1, 1}));
  EXPECT_EQ(found->value, kInfinity);
  EXPECT_EQ(found->count, 2);
  EXPECT_TRUE(std::isnan(find_not_finite(view_of({kNan}, {1}))->value));
  EXPECT_EQ(find_not_finite(view_of({1, -kInfinity}, {2}))->value, -kInfinity);
}

TEST(NotFiniteTest, HalfPrecisionAndBlocks) {
  const std::vector<uint16_t> halves = {0x3c00, 0x7c00, 0x7e00, 0x7bff};  // 1, inf, NaN, 65504
  const TensorView f16 = {
      "t", DType::kF16, {4}, {reinterpret_cast<const uint8_t*>(halves.data()), 8}};
  EXPECT_EQ(find_not_finite(f16)->index, std::vector<int64_t>{1});
  EXPECT_EQ(find_not_finite(f16)->count, 2);

  // Two rows of two Q8_0 blocks: a scale in F16 and 32 values of 8 bits. The last scale is NaN.
  std::vector<uint8_t> blocks(4 * 34, 1);
  for (size_t i = 0; i < 4; ++i) {
    blocks[i * 34 + 1] = i == 3 ? 0x7e : 0x3c;
  }
  const auto found = find_not_finite({"t", DType::kQ8_0, {2, 64}, blocks});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->index, (std::vector<int64_t>{1, 32}));
  EXPECT_EQ(found->count, 32);
}

}  // namespace
}  // namespace youtu
