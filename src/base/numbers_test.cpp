#include "base/numbers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace youtu {
namespace {

TEST(Numbers, CheckedArithmeticSaysWhenItOverflows) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  EXPECT_EQ(checked_mul<uint64_t>(1u << 31, 1u << 31), uint64_t{1} << 62);
  EXPECT_EQ(checked_mul(kMax, uint64_t{2}), std::nullopt);
  EXPECT_EQ(checked_add(kMax, uint64_t{1}), std::nullopt);
  EXPECT_EQ(checked_add(kMax - 1, uint64_t{1}), kMax);
  EXPECT_EQ(checked_mul<int64_t>(std::numeric_limits<int64_t>::min(), -1), std::nullopt);
  EXPECT_EQ(div_ceil(7, 4), 2);
  EXPECT_EQ(align_up(33, 32), 64);
  EXPECT_EQ(align_up(32, 32), 32);
}

// The value of a binary16 by its definition.
double f16_value(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const double fraction = bits & 1023;
  const double magnitude =
      exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

TEST(Numbers, EveryHalfIsConvertedExactlyAndBack) {
  for (uint32_t i = 0; i < 0x10000; ++i) {
    const auto bits = static_cast<uint16_t>(i);
    const float value = f16_to_float(bits);
    if (((bits >> 10) & 31) == 31) {
      if ((bits & 1023) == 0) {
        EXPECT_TRUE(std::isinf(value));
        EXPECT_EQ(float_to_f16(value), bits);
      } else {
        EXPECT_TRUE(std::isnan(value));
        EXPECT_TRUE(std::isnan(f16_to_float(float_to_f16(value))));
      }
      continue;
    }
    ASSERT_EQ(static_cast<double>(value), f16_value(bits));
    ASSERT_EQ(float_to_f16(value), bits);
  }
}

TEST(Numbers, HalvesRoundToNearestTiesToEven) {
  for (uint32_t i = 0; i < 0x7BFF; ++i) {  // every pair of neighbours
    const auto low = static_cast<uint16_t>(i);
    const auto high = static_cast<uint16_t>(i + 1);
    const float middle = (f16_to_float(low) + f16_to_float(high)) / 2;
    const uint16_t even = (low & 1) == 0 ? low : high;
    ASSERT_EQ(float_to_f16(middle), even) << i;
    ASSERT_EQ(float_to_f16(std::nextafter(middle, 0.0f)), low) << i;
    ASSERT_EQ(float_to_f16(std::nextafter(middle, 1e9f)), high) << i;
  }
  EXPECT_EQ(float_to_f16(65519.0f), 0x7BFF);
  EXPECT_EQ(float_to_f16(65520.0f), 0x7C00);
  EXPECT_EQ(float_to_f16(-1e-9f), 0x8000);
}

TEST(Numbers, Bfloat16IsTheUpperHalfRounded) {
  for (uint32_t i = 0; i < 0x10000; ++i) {
    const auto bits = static_cast<uint16_t>(i);
    const float value = bf16_to_float(bits);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(bf16_to_float(float_to_bf16(value))));
    } else {
      ASSERT_EQ(float_to_bf16(value), bits);
    }
  }
  EXPECT_EQ(float_to_bf16(std::bit_cast<float>(0x3F808000u)), 0x3F80);  // a tie, down to even
  EXPECT_EQ(float_to_bf16(std::bit_cast<float>(0x3F818000u)), 0x3F82);  // a tie, up to even
  EXPECT_EQ(float_to_bf16(std::bit_cast<float>(0x3F808001u)), 0x3F81);
  EXPECT_TRUE(std::isnan(bf16_to_float(float_to_bf16(std::bit_cast<float>(0x7F800001u)))));
  EXPECT_TRUE(std::isinf(bf16_to_float(float_to_bf16(std::numeric_limits<float>::max()))));
}

}  // namespace
}  // namespace youtu
