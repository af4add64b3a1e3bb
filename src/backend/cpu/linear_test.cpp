// Products of the CPU backend with packed weights, whose inputs are rounded to 8 bits, or to 16:
// how far they are from products in double precision, and that who shares a step changes no bit.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/cpu_features.h"
#include "base/check.h"
#include "tests/support/random_floats.h"

namespace youtu {
namespace {

// No whole panels, no whole block of activations.
constexpr int32_t kRows = 150, kCols = 300, kTokens = 21;

class PackedProducts : public testing::TestWithParam<const CpuKernels*> {
 protected:
  void SetUp() override {
    const auto values = random_floats(size_t{kRows} * kCols, 1);
    fine_ = pack(values, InputBits::k16);
    coarse_ = pack(values, InputBits::k8);
    const std::vector<float> ones(kCols, 1.0f);
    gain_ = *backend_.prepare({"gain", DType::kF32, {kCols}, bytes_of(ones)});
    ASSERT_TRUE(backend_.reserve({.max_tokens = kTokens, .norm_dim = kCols}));
  }

  static std::span<const uint8_t> bytes_of(const std::vector<float>& values) {
    return {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(float)};
  }

  Weight pack(const std::vector<float>& values, InputBits input_bits) {
    auto weight = backend_.prepare_packed({"w", DType::kF32, {kRows, kCols}, bytes_of(values)},
                                          {.bits = 4}, input_bits);
    CHECK(weight.is_ok());
    return *std::move(weight);
  }

  static Activation view(std::vector<float>& values, int32_t cols) {
    return {values.data(), static_cast<int32_t>(values.size()) / cols, cols, cols};
  }

  // Of `num_tokens` rows of x from `first` on, added to ones.
  std::vector<float> multiply(const Weight& w, std::vector<float> x, int32_t first,
                              int32_t num_tokens) {
    std::vector<float> out(static_cast<size_t>(num_tokens * kRows), 1.0f);
    const Activation all = view(x, kCols);
    backend_.linear_add(w, {all.row(first), num_tokens, kCols, kCols}, view(out, kRows));
    return out;
  }

  // The largest difference to the products with the weights' values, in double precision.
  double error(const Weight& w, const std::vector<float>& x) {
    const std::vector<float> actual = multiply(w, x, 0, kTokens);
    const PackedShape shape(*w.packed, kRows, kCols);
    std::vector<float> row(kCols);
    double worst = 0;
    for (int32_t r = 0; r < kRows; ++r) {
      read_packed_row(shape, w.bytes.data(), r, row.data());
      for (int32_t t = 0; t < kTokens; ++t) {
        double sum = 1;
        for (int32_t c = 0; c < kCols; ++c) {
          sum += double{row[static_cast<size_t>(c)]} * x[static_cast<size_t>(t * kCols + c)];
        }
        worst = std::max(worst, std::abs(sum - actual[static_cast<size_t>(t * kRows + r)]));
      }
    }
    return worst;
  }

  ThreadPool pool_{2};
  CpuBackend backend_{*GetParam(), pool_};
  Weight fine_, coarse_, gain_;
  const std::vector<float> x_ = random_floats(size_t{kTokens} * kCols, 2);
};

TEST_P(PackedProducts, SixteenBitsErrLessThanAHundredthOfEight) {
  const double coarse = error(coarse_, x_), fine = error(fine_, x_);
  EXPECT_LT(coarse, 1.0);  // of sums of some 17
  EXPECT_GT(coarse, 0.05);
  EXPECT_LT(fine, coarse / 100);
}

// Few rows pass by the weights together with what rounding left over, more in two passes.
TEST_P(PackedProducts, ArePerRowTheSameBitsInEveryCompany) {
  for (const Weight* w : {&coarse_, &fine_}) {
    const std::vector<float> all = multiply(*w, x_, 0, kTokens);
    for (const int32_t count : {1, 2, 8, 9, 20}) {
      const std::vector<float> some = multiply(*w, x_, 1, count);
      const std::vector<float> expected(all.begin() + kRows, all.begin() + (1 + count) * kRows);
      EXPECT_EQ(some, expected) << count;
    }
  }
}

TEST_P(PackedProducts, OfOneInputTakeAsManyBitsAsEachWants) {
  std::vector<float> x = x_, normed(x.size());
  std::vector<float> coarse(size_t{kTokens} * kRows), fine = coarse;
  const Projection projections[] = {{&coarse_, view(coarse, kRows)}, {&fine_, view(fine, kRows)}};
  backend_.norm_linear(view(x, kCols), gain_, 1e-6f, projections);
  const auto* gains = reinterpret_cast<const float*>(gain_.bytes.data());
  for (size_t row = 0; row < x.size(); row += kCols) {
    GetParam()->rms_norm(&x[row], gains, kCols, 1e-6f, &normed[row]);
  }
  std::vector<float> expected(coarse.size());
  for (const auto& [weight, actual] : {std::pair(&coarse_, &coarse), std::pair(&fine_, &fine)}) {
    std::ranges::fill(expected, 0.0f);
    backend_.linear_add(*weight, view(normed, kCols), view(expected, kRows));
    EXPECT_EQ(*actual, expected);
  }
}

TEST_P(PackedProducts, BringTheMaximaOfTheirColumns) {
  constexpr int32_t kBlocks = (kRows + kMaximaColumns - 1) / kMaximaColumns;
  std::vector<float> x = x_, out(size_t{kTokens} * kRows), maxima(size_t{kTokens} * kBlocks);
  const Projection projection = {&coarse_, view(out, kRows), view(maxima, kBlocks)};
  backend_.norm_linear(view(x, kCols), gain_, 1e-6f, {&projection, 1});
  for (int64_t t = 0; t < kTokens; ++t) {
    for (int32_t b = 0; b < kBlocks; ++b) {
      const auto row = out.begin() + t * kRows;
      const int32_t end = std::min(kRows, (b + 1) * kMaximaColumns);
      EXPECT_EQ(maxima[static_cast<size_t>(t * kBlocks + b)],
                *std::max_element(row + b * kMaximaColumns, row + end));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, PackedProducts, testing::ValuesIn(supported_kernels()),
                         [](const auto& test) { return std::string(test.param->name); });

}  // namespace
}  // namespace youtu
