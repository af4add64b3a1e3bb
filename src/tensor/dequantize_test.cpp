// Values worked out by hand from the byte tables. The comparison of every type on random blocks
// with an independent implementation is tests/formats/dequantize_test.py.
#include "tensor/dequantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "base/numbers.h"
#include "tensor/block_layouts.h"

namespace youtu {
namespace {

template <typename Block>
std::vector<float> decode(DType dtype, const Block& block) {
  EXPECT_EQ(static_cast<size_t>(dtype_info(dtype).block_bytes), sizeof(Block));
  std::vector<float> values(static_cast<size_t>(dtype_info(dtype).block_values));
  dequantize(dtype, reinterpret_cast<const uint8_t*>(&block), dtype_info(dtype).block_values,
             values.data());
  return values;
}

TEST(DequantizeTest, PlainTypes) {
  const float f32[2] = {1.5f, -2.25f};
  const uint16_t f16[2] = {float_to_f16(0.5f), float_to_f16(-3.0f)};
  const uint16_t bf16[2] = {float_to_bf16(8.0f), float_to_bf16(-0.125f)};
  float out[2];
  dequantize(DType::kF32, reinterpret_cast<const uint8_t*>(f32), 2, out);
  EXPECT_EQ(out[1], -2.25f);
  dequantize(DType::kF16, reinterpret_cast<const uint8_t*>(f16), 2, out);
  EXPECT_EQ(out[1], -3.0f);
  dequantize(DType::kBF16, reinterpret_cast<const uint8_t*>(bf16), 2, out);
  EXPECT_EQ(out[0], 8.0f);
  EXPECT_EQ(out[1], -0.125f);
}

TEST(DequantizeTest, AcceptsUnalignedBytes) {
  uint8_t bytes[9] = {};
  const float value = 42.0f;
  std::memcpy(bytes + 1, &value, sizeof(value));
  float out[2];
  dequantize(DType::kF32, bytes + 1, 2, out);
  EXPECT_EQ(out[0], 42.0f);
}

TEST(DequantizeTest, Q4_0NibblesAreHalvesOfTheBlock) {
  BlockQ4_0 block = {float_to_f16(2.0f), {}};
  block.qs[3] = 0xf1;  // value 3 is 1, value 19 is 15
  const auto y = decode(DType::kQ4_0, block);
  EXPECT_EQ(y[3], 2.0f * (1 - 8));
  EXPECT_EQ(y[19], 2.0f * (15 - 8));
  EXPECT_EQ(y[0], -16.0f);
}

TEST(DequantizeTest, Q5_1FifthBitAndMinimum) {
  BlockQ5_1 block = {float_to_f16(1.0f), float_to_f16(-4.0f), {0, 0, 0x02, 0}, {}};
  block.qs[1] = 0x30;  // value 17: nibble 3, fifth bit set
  const auto y = decode(DType::kQ5_1, block);
  EXPECT_EQ(y[17], 3.0f + 16 - 4);
  EXPECT_EQ(y[1], -4.0f);
}

TEST(DequantizeTest, Mxfp4SmallestExponentsAreExact) {
  BlockMxfp4 block = {0, {0x17}};  // value 0: 12 (twice 6), value 16: 1
  EXPECT_EQ(decode(DType::kMXFP4, block)[0], std::ldexp(12.0f, -128));
  block.e = 1;
  EXPECT_EQ(decode(DType::kMXFP4, block)[16], std::ldexp(1.0f, -127));
  block.e = 128;
  EXPECT_EQ(decode(DType::kMXFP4, block)[0], 12.0f);
}

TEST(DequantizeTest, Q4KLaterScalesTakeHighBitsFromEarlierBytes) {
  BlockQ4K block = {};
  block.d = float_to_f16(1.0f);
  block.dmin = float_to_f16(0.5f);
  block.scales[0] = 0xc0;  // two high bits of scale 4
  block.scales[4] = 0x80;  // two high bits of minimum 4
  block.scales[8] = 0x35;  // low bits: scale 5, minimum 3
  block.qs[64] = 0x07;     // sub-block 4, value 0
  const auto y = decode(DType::kQ4_K, block);
  EXPECT_EQ(y[128], (5.0f + 48) * 7 - 0.5f * (3 + 32));
}

TEST(DequantizeTest, Q6KCombinesLowAndHighBits) {
  BlockQ6K block = {};
  block.d = float_to_f16(0.25f);
  block.ql[64 + 32 + 5] = 0xa0;  // h = 1, j = 3, l = 5
  block.qh[32 + 5] = 0x80;       // bits 6..7: 2
  block.scales[14] = -3;
  const auto y = decode(DType::kQ6_K, block);
  EXPECT_EQ(y[128 + 96 + 5], 0.25f * -3 * (10 + 32 - 32));
}

TEST(DequantizeTest, KnowsWhatItCannotRead) {
  EXPECT_FALSE(can_dequantize(DType::kI32));
  EXPECT_FALSE(can_dequantize(DType::kF8_E4M3));
  EXPECT_TRUE(can_dequantize(DType::kIQ4_XS));
  float out = 0;
  const uint8_t byte = 0;
  EXPECT_DEATH(dequantize(DType::kI8, &byte, 1, &out), "can_dequantize");
  EXPECT_DEATH(dequantize(DType::kQ8_0, &byte, 1, &out), "block_values");
}

}  // namespace
}  // namespace youtu
