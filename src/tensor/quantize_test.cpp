#include "tensor/quantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tensor/dequantize.h"
#include "tests/support/random_floats.h"

namespace youtu {
namespace {

// The largest error of a round trip, as a share of the block's largest magnitude.
float worst_error(DType dtype, const std::vector<float>& values) {
  const auto count = static_cast<int64_t>(values.size());
  std::vector<uint8_t> blocks(static_cast<size_t>(*dtype_bytes(dtype, count)));
  (dtype == DType::kQ8_0 ? quantize_q8_0 : quantize_q4_0)(values.data(), count, blocks.data());
  std::vector<float> back(values.size());
  dequantize(dtype, blocks.data(), count, back.data());
  float worst = 0;
  for (size_t i = 0; i < values.size(); i += 32) {
    float largest = 0, error = 0;
    for (size_t j = i; j < i + 32; ++j) {
      largest = std::max(largest, std::fabs(values[j]));
      error = std::max(error, std::fabs(values[j] - back[j]));
    }
    worst = std::max(worst, error / largest);
  }
  return worst;
}

TEST(QuantizeTest, Q8_0StaysWithinHalfAStep) {
  EXPECT_LT(worst_error(DType::kQ8_0, random_floats(32 * 1000, 1, 0.02f)), 0.5f / 127 + 1e-3f);
}

TEST(QuantizeTest, Q4_0StaysWithinAStep) {
  // Half a step, but a full one at the end of the scale that has one level less.
  const float worst = worst_error(DType::kQ4_0, random_floats(32 * 1000, 2, 0.02f));
  EXPECT_LT(worst, 1.0f / 8 + 1e-3f);
  EXPECT_GT(worst, 0.4f / 8);
}

TEST(QuantizeTest, LargestMagnitudeKeepsItsSign) {
  std::vector<float> values(32, 0.0f);
  values[7] = -8.0f;
  std::vector<uint8_t> blocks(18);
  quantize_q4_0(values.data(), 32, blocks.data());
  std::vector<float> back(32);
  dequantize(DType::kQ4_0, blocks.data(), 32, back.data());
  EXPECT_EQ(back, values);
}

TEST(QuantizeTest, ZerosAndTinyValuesBecomeZeros) {
  std::vector<float> values(32, 0.0f);
  std::vector<float> back(32, 1.0f);
  std::vector<uint8_t> blocks(34);
  for (const float tiny : {0.0f, 1e-45f, -1e-40f}) {
    values[3] = tiny;
    quantize_q8_0(values.data(), 32, blocks.data());
    dequantize(DType::kQ8_0, blocks.data(), 32, back.data());
    EXPECT_EQ(back, std::vector<float>(32, 0.0f)) << tiny;
    quantize_q4_0(values.data(), 32, blocks.data());
    dequantize(DType::kQ4_0, blocks.data(), 32, back.data());
    for (float value : back) EXPECT_EQ(value, 0.0f) << tiny;
  }
}

}  // namespace
}  // namespace youtu
