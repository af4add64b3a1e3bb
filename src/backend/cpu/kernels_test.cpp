// Every kernel of every table that this machine can run, against the scalar specification, on odd
// sizes.

#include "backend/cpu/kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "backend/cpu/cpu_features.h"
#include "base/numbers.h"
#include "tensor/dtype.h"
#include "tests/support/random_floats.h"

namespace youtu {
namespace {

const CpuKernels& scalar() {
  return *supported_kernels().back();
}

// Rows of weights of `dtype`: random bits with sane scales.
std::vector<uint8_t> random_weights(DType dtype, int32_t rows, int32_t cols, uint32_t seed) {
  const DTypeInfo& info = dtype_info(dtype);
  const size_t blocks = static_cast<size_t>(rows) * static_cast<size_t>(cols / info.block_values);
  std::vector<uint8_t> bytes(blocks * static_cast<size_t>(info.block_bytes));
  const std::vector<float> values =
      random_floats(static_cast<size_t>(rows) * static_cast<size_t>(cols), seed, 0.1f);
  std::mt19937 rng(seed);
  if (dtype == DType::kF32) {
    std::memcpy(bytes.data(), values.data(), bytes.size());
  } else if (info.block_values == 1) {
    for (size_t i = 0; i < values.size(); ++i) {
      const uint16_t half =
          dtype == DType::kF16 ? float_to_f16(values[i]) : float_to_bf16(values[i]);
      std::memcpy(&bytes[2 * i], &half, 2);
    }
  } else {
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(rng());
    for (size_t b = 0; b < blocks; ++b) {
      const uint16_t d = float_to_f16(0.01f + 0.001f * static_cast<float>(rng() % 100));
      std::memcpy(&bytes[b * static_cast<size_t>(info.block_bytes)], &d, 2);
    }
  }
  return bytes;
}

class Kernels : public testing::TestWithParam<const CpuKernels*> {
 protected:
  const CpuKernels& kernels() const { return *GetParam(); }
};

struct LinearCase {
  DType dtype;
  void (*CpuKernels::*kernel)(const LinearArgs*);
};
const LinearCase kLinearCases[] = {{DType::kF32, &CpuKernels::linear_f32},
                                   {DType::kF16, &CpuKernels::linear_f16},
                                   {DType::kBF16, &CpuKernels::linear_bf16},
                                   {DType::kQ8_0, &CpuKernels::linear_q8_0},
                                   {DType::kQ4_0, &CpuKernels::linear_q4_0}};

std::vector<float> run_linear(void (*kernel)(const LinearArgs*), DType dtype,
                              const std::vector<uint8_t>& weights, int32_t rows, int32_t cols,
                              const float* x, int32_t tokens, bool accumulate) {
  const int64_t stride = rows + 3;
  std::vector<float> out(static_cast<size_t>(stride * tokens), 0.25f);
  const LinearArgs args = {weights.data(), static_cast<int64_t>(weights.size()) / rows,
                           rows,           cols,
                           tokens,         x,
                           cols + 5,       out.data(),
                           stride,         accumulate};
  static_cast<void>(dtype);
  kernel(&args);
  return out;
}

TEST_P(Kernels, LinearAgreesWithScalar) {
  for (const LinearCase& c : kLinearCases) {
    for (const int32_t cols : {1, 7, 16, 24, 32, 96, 256, 1000}) {
      if (cols % dtype_info(c.dtype).block_values != 0) continue;
      for (const int32_t rows : {1, 3, 4, 9}) {
        for (const int32_t tokens : {1, 2, 3, 5, 8, 67}) {
          const auto weights =
              random_weights(c.dtype, rows, cols, static_cast<uint32_t>(cols + rows));
          const auto x = random_floats(static_cast<size_t>((cols + 5) * tokens), 7);
          for (const bool accumulate : {false, true}) {
            const auto expected = run_linear(scalar().*c.kernel, c.dtype, weights, rows, cols,
                                             x.data(), tokens, accumulate);
            const auto actual = run_linear(kernels().*c.kernel, c.dtype, weights, rows, cols,
                                           x.data(), tokens, accumulate);
            for (size_t i = 0; i < expected.size(); ++i) {
              ASSERT_NEAR(actual[i], expected[i],
                          2e-5 * std::sqrt(static_cast<double>(cols)) + 1e-6)
                  << to_string(c.dtype) << " cols " << cols << " rows " << rows << " tokens "
                  << tokens << " at " << i;
            }
          }
        }
      }
    }
  }
}

// The promise of kernels.h: a token's bits do not depend on who shares the call.
TEST_P(Kernels, LinearGivesEachTokenTheBitsItHasAlone) {
  constexpr int32_t kRows = 11, kCols = 96, kTokens = 70;
  for (const LinearCase& c : kLinearCases) {
    const auto weights = random_weights(c.dtype, kRows, kCols, 3);
    const auto x = random_floats((kCols + 5) * kTokens, 5);
    const auto together =
        run_linear(kernels().*c.kernel, c.dtype, weights, kRows, kCols, x.data(), kTokens, false);
    for (int32_t t = 0; t < kTokens; ++t) {
      const auto alone = run_linear(kernels().*c.kernel, c.dtype, weights, kRows, kCols,
                                    x.data() + t * (kCols + 5), 1, false);
      ASSERT_EQ(0,
                std::memcmp(alone.data(), together.data() + t * (kRows + 3), kRows * sizeof(float)))
          << to_string(c.dtype) << " token " << t;
    }
  }
}

TEST_P(Kernels, MatmulAgreesWithScalar) {
  for (const int32_t K : {1, 5, 16}) {
    for (const int32_t N : {1, 7, 16, 65, 200}) {
      for (const int32_t M : {1, 3, 4, 6}) {
        const auto a = random_floats(static_cast<size_t>(M * (K + 2)), 1);
        const auto b = random_floats(static_cast<size_t>(K * (N + 1)), 2);
        std::vector<uint16_t> b16(b.size());
        scalar().f32_to_bf16(b.data(), static_cast<int64_t>(b.size()), b16.data());
        for (const bool is_f32 : {true, false}) {
          for (const bool accumulate : {false, true}) {
            std::vector<float> expected(static_cast<size_t>(M * (N + 4)), 0.5f), actual = expected;
            const void* right = is_f32 ? static_cast<const void*>(b.data()) : b16.data();
            MatmulArgs args = {a.data(), K + 2, right, N + 1, expected.data(),
                               N + 4,    M,     K,     N,     accumulate};
            (is_f32 ? scalar().matmul_f32 : scalar().matmul_bf16)(&args);
            args.c = actual.data();
            (is_f32 ? kernels().matmul_f32 : kernels().matmul_bf16)(&args);
            for (size_t i = 0; i < actual.size(); ++i)
              ASSERT_NEAR(actual[i], expected[i], 1e-5) << M << N << K;
          }
        }
      }
    }
  }
}

TEST_P(Kernels, ElementwiseAgreesWithScalar) {
  for (const int32_t n : {1, 7, 8, 15, 16, 17, 64, 100, 1536}) {
    const auto size = static_cast<size_t>(n);
    const auto x = random_floats(size, 11, 4.0f), y = random_floats(size, 12);
    std::vector<float> expected(size), actual(size);
    scalar().rms_norm(x.data(), y.data(), n, 1e-6f, expected.data());
    kernels().rms_norm(x.data(), y.data(), n, 1e-6f, actual.data());
    for (size_t i = 0; i < size; ++i) ASSERT_NEAR(actual[i], expected[i], 1e-5);
    scalar().silu_mul(x.data(), y.data(), n, expected.data());
    kernels().silu_mul(x.data(), y.data(), n, actual.data());
    for (size_t i = 0; i < size; ++i) ASSERT_NEAR(actual[i], expected[i], 1e-5);
    std::vector<uint16_t> expected16(size), actual16(size);
    scalar().f32_to_bf16(x.data(), n, expected16.data());
    kernels().f32_to_bf16(x.data(), n, actual16.data());
    ASSERT_EQ(actual16, expected16);
    scalar().bf16_to_f32(actual16.data(), n, expected.data());
    kernels().bf16_to_f32(actual16.data(), n, actual.data());
    ASSERT_EQ(actual, expected);
    for (size_t i = 0; i < size; ++i) actual16[i] = float_to_f16(x[i]);
    scalar().f16_to_f32(actual16.data(), n, expected.data());
    kernels().f16_to_f32(actual16.data(), n, actual.data());
    ASSERT_EQ(actual, expected);
  }
}

TEST_P(Kernels, RotationHasTheBitsOfScalar) {
  for (const int32_t pairs : {1, 3, 4, 8, 15, 16, 17, 32, 40}) {
    const auto size = static_cast<size_t>(pairs);
    const auto x = random_floats(2 * size, 13), cos = random_floats(size, 14),
               sin = random_floats(size, 15);
    for (const bool interleaved : {true, false}) {
      std::vector<float> expected = x, actual = x;
      scalar().rotate(expected.data(), cos.data(), sin.data(), pairs, interleaved);
      kernels().rotate(actual.data(), cos.data(), sin.data(), pairs, interleaved);
      EXPECT_EQ(actual, expected) << pairs << (interleaved ? " pairs side by side" : " apart");
    }
  }
}

TEST_P(Kernels, MaximaOfBlocksAgreeWithScalar) {
  for (const int32_t n : {1, 7, 17, 63, 64, 65, 200, 1000}) {
    const auto blocks = static_cast<size_t>((n + kMaximumColumns - 1) / kMaximumColumns);
    std::vector<float> x = random_floats(static_cast<size_t>(n), 11, 3.0f);
    x[static_cast<size_t>(n) / 2] = -9;
    std::vector<float> expected(blocks), actual(blocks);
    scalar().block_maxima(x.data(), n, expected.data());
    kernels().block_maxima(x.data(), n, actual.data());
    EXPECT_EQ(actual, expected) << n;
    // Whatever is no finite number shows, wherever it lies, and in its own block only.
    for (const float bad : {NAN, INFINITY, -INFINITY}) {
      for (int32_t i = 0; i < n; i += 5) {
        std::vector<float> y = x;
        y[static_cast<size_t>(i)] = bad;
        kernels().block_maxima(y.data(), n, actual.data());
        for (size_t b = 0; b < blocks; ++b) {
          const bool is_bad = b == static_cast<size_t>(i / kMaximumColumns);
          ASSERT_EQ(std::isnan(actual[b]), is_bad) << n << " values, " << bad << " at " << i;
          if (!is_bad) {
            ASSERT_EQ(actual[b], expected[b]);
          }
        }
      }
    }
  }
}

TEST_P(Kernels, SiluOfExtremesStaysFinite) {
  const float gate[] = {-1e30f, -200, -90, 90, 200, 1e30f, 0, -0.0f};
  const float up[] = {1, 1, 1, 1, 1, 1, 1, 1};
  float out[8];
  kernels().silu_mul(gate, up, 8, out);
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(std::isfinite(out[i])) << gate[i];
  EXPECT_NEAR(out[1], 0, 1e-30);
  EXPECT_FLOAT_EQ(out[4], 200);
}

TEST_P(Kernels, SoftmaxStepsJoinToOneSoftmax) {
  for (const int32_t n : {1, 5, 16, 64, 100}) {
    const auto scores = random_floats(static_cast<size_t>(2 * n), 21, 10.0f);
    double max = -INFINITY, sum = 0;
    for (const float s : scores) max = std::fmax(max, 0.3 * static_cast<double>(s));
    for (const float s : scores) sum += std::exp(0.3 * static_cast<double>(s) - max);

    SoftmaxState state = {-INFINITY, 0};
    std::vector<float> first(scores.begin(), scores.begin() + n),
        second(scores.begin() + n, scores.end());
    EXPECT_EQ(kernels().softmax_step(first.data(), n, 0.3f, &state), 0);
    const float correction = kernels().softmax_step(second.data(), n, 0.3f, &state);
    EXPECT_NEAR(state.sum, sum, 1e-5 * sum);
    for (int32_t i = 0; i < n; ++i) {
      const double p =
          std::exp(0.3 * static_cast<double>(scores[static_cast<size_t>(i)]) - max) / sum;
      EXPECT_NEAR(first[static_cast<size_t>(i)] * correction / state.sum, p, 1e-6);
    }
  }
}

TEST_P(Kernels, RoundingToBf16KeepsNanAndTies) {
  const float values[] = {NAN,         INFINITY, -INFINITY, 1.00390625f,
                          1.01171875f, 3.4e38f,  -0.0f,     1e-45f};
  uint16_t out[8];
  kernels().f32_to_bf16(values, 8, out);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(out[i], float_to_bf16(values[i])) << values[i];
}

TEST_P(Kernels, PeaksCountWhatTheyDo) {
  for (const auto peak : {kernels().peak_f32, kernels().peak_int8}) {
    EXPECT_EQ(peak(0), 0);
    const int64_t once = peak(1);
    EXPECT_GT(once, 0);
    EXPECT_EQ(peak(1000), 1000 * once);
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, Kernels, testing::ValuesIn(supported_kernels()),
                         [](const auto& instance) { return std::string(instance.param->name); });

}  // namespace
}  // namespace youtu
