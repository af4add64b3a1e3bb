// The kernels of attention in BF16: the specification against plain sums in double precision, and
// every table that has them against the specification, on odd sizes: the same bits.

#include "backend/cpu/bf16_kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "backend/cpu/cpu_features.h"
#include "backend/cpu/kernel_problems.h"
#include "tests/support/same_bits.h"

namespace youtu {
namespace {

using test::expect_same_bits;

const Bf16Kernels& specification() {
  return supported_kernels().back()->bf16;
}

std::string describe(const Bf16Shape& s) {
  return "rows " + std::to_string(s.num_rows) + ", dims " + std::to_string(s.key_dims) + ", rope " +
         std::to_string(s.rope_dims) + ", values " + std::to_string(s.value_dims) + ", tokens " +
         std::to_string(s.num_tokens);
}

std::vector<Bf16Problem> problems() {
  RandomValues random(7);
  std::vector<Bf16Problem> list;
  for (const int32_t tokens : {1, 15, 16, 17, 31, 32, 33, 48, 70, 255, 256}) {
    list.emplace_back(random, Bf16Shape{3, 32, 32, 16, tokens});
  }
  for (const int32_t rows : {1, 2, 15, 16, 17, 31, 32}) {
    list.emplace_back(random, Bf16Shape{rows, 64, 32, 20, 100});
  }
  for (const int32_t dims : {1, 15, 17, 33, 128}) {
    list.emplace_back(random, Bf16Shape{32, 128, 64, dims, 200});
  }
  return list;
}

TEST(Bf16Specification, ScoresAreProducts) {
  for (const Bf16Problem& p : problems()) {
    const Bf16Shape& s = p.shape();
    const std::vector<float> scores = p.scores(specification());
    for (int32_t r = 0; r < kBf16Rows; ++r) {
      for (int32_t t = 0; t < s.num_tokens; ++t) {
        double expected = 0, size = 0;
        for (int32_t d = 0; d < s.key_dims + s.rope_dims; ++d) {
          expected += double{p.query(r, d)} * double{p.key(t, d)};
          size += std::fabs(double{p.query(r, d)} * double{p.key(t, d)});
        }
        ASSERT_NEAR(scores[static_cast<size_t>(r * kBf16ScoreStride + t)], expected, 1e-6 * size)
            << describe(s);
      }
    }
  }
}

// As Bf16Problem::attend does it: twice the same tile, the first score of the second one larger.
std::vector<double> attended(const Bf16Problem& p, const std::vector<float>& scores, int32_t r) {
  const Bf16Shape& s = p.shape();
  std::vector<double> powers, out(static_cast<size_t>(s.value_dims), 0.0);
  for (int step = 0; step < 2; ++step) {
    for (int32_t t = 0; t < s.num_tokens; ++t) {
      const double bonus = t == 0 && step == 1 ? r % 3 * 5 : 0;
      powers.push_back(double{scores[static_cast<size_t>(r * kBf16ScoreStride + t)]} + bonus);
    }
  }
  const double max = *std::max_element(powers.begin(), powers.end());
  for (size_t i = 0; i < powers.size(); ++i) {
    const double weight = std::exp2(powers[i] - max);
    for (int32_t d = 0; d < s.value_dims; ++d) {
      const auto t = static_cast<int32_t>(i) % s.num_tokens;
      out[static_cast<size_t>(d)] += weight * double{p.value(t, d)};
    }
  }
  return out;
}

TEST(Bf16Specification, ValuesAreWeighed) {
  for (const Bf16Problem& p : problems()) {
    const Bf16Shape& s = p.shape();
    const std::vector<float> scores = p.scores(specification());
    const std::vector<float> out = p.attend(specification(), scores);
    const auto stride =
        (out.size() - static_cast<size_t>(6 * s.num_rows)) / static_cast<size_t>(s.num_rows);
    for (int32_t r = 0; r < s.num_rows; ++r) {
      const std::vector<double> expected = attended(p, scores, r);
      for (size_t d = 0; d < expected.size(); ++d) {
        // A weight errs by a 512th at most, and values are about 1.
        const double sum = out[out.size() - static_cast<size_t>(3 * (s.num_rows - r)) + 2];
        ASSERT_NEAR(out[static_cast<size_t>(r) * stride + d], expected[d], 0.01 * sum)
            << describe(s) << " row " << r;
      }
    }
  }
}

TEST(Bf16Kernels, HaveTheBitsOfTheSpecification) {
  for (const CpuKernels* table : supported_kernels()) {
    if (!table->expands_in_bf16) continue;
    for (const Bf16Problem& p : problems()) {
      const std::string what = std::string(table->name) + ", " + describe(p.shape());
      const std::vector<float> scores = p.scores(specification());
      EXPECT_EQ(p.pack(table->bf16), p.pack(specification())) << what;
      expect_same_bits(p.scores(table->bf16), scores, what + ", scores");
      expect_same_bits(p.attend(table->bf16, scores), p.attend(specification(), scores),
                       what + ", values");
    }
  }
}

}  // namespace
}  // namespace youtu
