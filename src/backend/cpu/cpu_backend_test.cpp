// Attention of the CPU backend against a plain statement of it in double precision, in both forms;
// and the promise that chunks and neighbours change no bit.

#include "backend/cpu/cpu_backend.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>
#include <tuple>
#include <vector>

#include "backend/cpu/cpu_features.h"
#include "base/check.h"
#include "base/numbers.h"
#include "tests/support/random_floats.h"

namespace youtu {
namespace {

constexpr int32_t kHeads = 5, kNope = 12, kRope = 8, kValue = 20, kLatent = 36,
                  kSlot = kLatent + kRope;
constexpr int32_t kWideValue = 32;  // whole panels
constexpr int32_t kBlocks = 64;

// The specification, expanding in BF16 as a table with tiles does: that way on any machine.
const CpuKernels* scalar_in_bf16() {
  static const CpuKernels table = [] {
    CpuKernels kernels = *supported_kernels().back();
    kernels.name = "scalarInBf16";
    kernels.expands_in_bf16 = true;
    return kernels;
  }();
  return &table;
}

using TableAndCache = std::tuple<const CpuKernels*, CacheDType>;

class MlaAttentionTest : public testing::TestWithParam<TableAndCache> {
 protected:
  void SetUp() override {
    k_b_values_ = random_floats(kHeads * kLatent * kNope, 1);
    v_b_values_ = random_floats(kHeads * kValue * kLatent, 2);
    k_b_ = prepare(k_b_values_, kHeads * kLatent, kNope);
    v_b_ = prepare(v_b_values_, kHeads * kValue, kLatent);
    gain_values_ = random_floats(kLatent, 7);
    gain_ = prepare(gain_values_, 1, kLatent);
    const auto wide_values = random_floats(kHeads * kWideValue * kLatent, 12);
    wide_v_b_ = prepare(wide_values, kHeads * kWideValue, kLatent);
    for (const InputBits bits : {InputBits::k8, InputBits::k16}) {
      auto packed = backend_.prepare_packed(tensor(wide_values, kHeads * kWideValue, kLatent),
                                            {.bits = 8, .group = 32}, bits);
      ASSERT_TRUE(packed);
      packed_v_b_.push_back(std::move(*packed));
    }
    ASSERT_TRUE(backend_.reserve({.max_tokens = 700,
                                  .num_heads = kHeads,
                                  .nope_dim = kNope,
                                  .rope_dim = kRope,
                                  .v_dim = kWideValue,
                                  .latent_dim = kLatent}));
    cache_ = {nullptr, std::get<1>(GetParam()), kLatent, kRope};
    cache_bytes_.resize(size_t{kBlocks} * static_cast<size_t>(cache_.block_bytes()));
    cache_.data = cache_bytes_.data();
  }

  static TensorView tensor(const std::vector<float>& values, int32_t rows, int32_t cols) {
    return {"w",
            DType::kF32,
            {rows, cols},
            {reinterpret_cast<const uint8_t*>(values.data()), values.size() * 4}};
  }
  Weight prepare(const std::vector<float>& values, int32_t rows, int32_t cols) {
    auto weight = backend_.prepare(tensor(values, rows, cols));
    CHECK(weight.is_ok());
    return std::move(*weight);
  }

  // Feeds positions [begin, end) of a conversation with latents and queries `seed`, in the given
  // form; appends outputs.
  void feed(int32_t begin, int32_t end, const std::vector<int32_t>& table,
            const std::vector<float>& latents, const std::vector<float>& queries,
            AttentionForm form, std::vector<float>& outputs) {
    const int32_t T = end - begin;
    std::vector<TokenId> ids(static_cast<size_t>(T));
    std::vector<int32_t> positions(ids.size()), slots(ids.size());
    for (int32_t t = 0; t < T; ++t) {
      const int32_t p = begin + t;
      positions[static_cast<size_t>(t)] = p;
      slots[static_cast<size_t>(t)] =
          table[static_cast<size_t>(p / kBlockSize)] * kBlockSize + p % kBlockSize;
    }
    const SequenceSlice sequence = {0, T, end, table};
    const BatchView batch = {ids, positions, slots, {&sequence, 1}, {}};
    backend_.begin_step(batch);
    std::vector<float> rows(latents.begin() + begin * kSlot, latents.begin() + end * kSlot);
    backend_.store_latent({rows.data(), T, kSlot, kSlot}, cache_);
    constexpr int32_t kQ = kHeads * (kNope + kRope);
    const int32_t out_cols = used_v_b_->rows;
    std::vector<float> q(queries.begin() + begin * kQ, queries.begin() + end * kQ);
    std::vector<float> out(static_cast<size_t>(T * out_cols), NAN);
    const AttentionForm forms[] = {form};
    backend_.mla_attention({&k_b_,
                            used_v_b_,
                            nullptr,
                            kHeads,
                            kNope,
                            out_cols / kHeads,
                            kScale,
                            cache_,
                            {q.data(), T, kQ, kQ},
                            {out.data(), T, out_cols, out_cols},
                            forms});
    outputs.insert(outputs.end(), out.begin(), out.end());
  }

  // Output of head n for the query at `position`, keys and values expanded, in double precision.
  std::vector<double> expected(int32_t position, int32_t n, const std::vector<float>& latents,
                               const std::vector<float>& queries) const {
    const float* q = &queries[static_cast<size_t>((position * kHeads + n) * (kNope + kRope))];
    std::vector<double> scores;
    for (int32_t i = 0; i <= position; ++i) {
      const float* c = &latents[static_cast<size_t>(i * kSlot)];
      double score = 0;
      for (int32_t p = 0; p < kNope; ++p) {
        double key = 0;
        for (int32_t l = 0; l < kLatent; ++l) {
          key += double{c[l]} *
                 double{k_b_values_[static_cast<size_t>((n * kLatent + l) * kNope + p)]};
        }
        score += double{q[p]} * key;
      }
      for (int32_t r = 0; r < kRope; ++r) score += double{q[kNope + r]} * double{c[kLatent + r]};
      scores.push_back(score * double{kScale});
    }
    const double max = *std::max_element(scores.begin(), scores.end());
    double sum = 0;
    for (double& s : scores) sum += s = std::exp(s - max);
    std::vector<double> out(kValue, 0.0);
    for (int32_t i = 0; i <= position; ++i) {
      for (int32_t v = 0; v < kValue; ++v) {
        double value = 0;
        for (int32_t l = 0; l < kLatent; ++l) {
          value += double{latents[static_cast<size_t>(i * kSlot + l)]} *
                   double{v_b_values_[static_cast<size_t>((n * kValue + v) * kLatent + l)]};
        }
        out[static_cast<size_t>(v)] += scores[static_cast<size_t>(i)] / sum * value;
      }
    }
    return out;
  }

  // The latents as the cache holds them.
  std::vector<float> stored(std::vector<float> latents) const {
    const CacheDType type = std::get<1>(GetParam());
    const auto round_to = [](float* values, int32_t n, float limit) {
      float max = 0;
      for (int32_t i = 0; i < n; ++i) max = std::max(max, std::fabs(values[i]));
      for (int32_t i = 0; i < n; ++i)
        values[i] = std::nearbyint(values[i] * (limit / max)) * (max / limit);
    };
    for (size_t slot = 0; slot < latents.size(); slot += kSlot) {
      if (type == CacheDType::kInt8) {
        round_to(&latents[slot], kLatent, 127);
        round_to(&latents[slot + kLatent], kRope, 4095);
      }
      for (size_t i = slot; type == CacheDType::kBF16 && i < slot + kSlot; ++i) {
        latents[i] = bf16_to_float(float_to_bf16(latents[i]));
      }
    }
    return latents;
  }
  // Outputs are about 6, expanded values up to 20 and rounded to 10 bits and sign, or as scores of
  // up to 20 to BF16.
  double tolerance() const {
    if (std::get<1>(GetParam()) != CacheDType::kInt8) return 5e-4;
    return std::get<0>(GetParam())->expands_in_bf16 ? 8e-2 : 2e-2;
  }

  static constexpr float kScale = 0.05f;
  ThreadPool pool_{3};
  CpuBackend backend_{*std::get<0>(GetParam()), pool_};
  std::vector<float> k_b_values_, v_b_values_;
  std::vector<float> gain_values_;
  Weight k_b_, v_b_, wide_v_b_, gain_;
  std::vector<Weight> packed_v_b_;  // the wide one, for inputs of 8 bits, of 16
  const Weight* used_v_b_ = &v_b_;
  std::vector<uint8_t> cache_bytes_;
  LatentLayer cache_;
};

std::vector<int32_t> scattered_table() {
  std::vector<int32_t> table(kBlocks);
  std::iota(table.begin(), table.end(), 0);
  std::shuffle(table.begin(), table.end(), std::mt19937(9));
  return table;
}

TEST_P(MlaAttentionTest, BothFormsAgreeWithThePlainStatement) {
  constexpr int32_t kContext = 300;
  const auto latents = random_floats(kContext * kSlot, 3);
  const auto queries = random_floats(kContext * kHeads * (kNope + kRope), 4);
  const auto table = scattered_table();
  for (const AttentionForm form : {AttentionForm::kAbsorbed, AttentionForm::kExpanded}) {
    std::vector<float> out;
    feed(0, kContext, table, latents, queries, form, out);
    for (const int32_t position : {0, 1, 15, 16, 63, 64, 65, 255, 256, 299}) {
      for (int32_t n = 0; n < kHeads; ++n) {
        const auto want = expected(position, n, stored(latents), queries);
        for (int32_t v = 0; v < kValue; ++v) {
          ASSERT_NEAR(out[static_cast<size_t>((position * kHeads + n) * kValue + v)],
                      want[static_cast<size_t>(v)], tolerance())
              << "form " << static_cast<int>(form) << " position " << position << " head " << n;
        }
      }
    }
  }
}

TEST_P(MlaAttentionTest, ChunksChangeNoBit) {
  constexpr int32_t kContext = 600;
  const auto latents = random_floats(kContext * kSlot, 5);
  const auto queries = random_floats(kContext * kHeads * (kNope + kRope), 6);
  const auto table = scattered_table();
  for (const AttentionForm form : {AttentionForm::kAbsorbed, AttentionForm::kExpanded}) {
    std::vector<float> whole;
    feed(0, kContext, table, latents, queries, form, whole);
    for (const int32_t chunk : {1, 13, 100, 257}) {
      // Of 32 queries that the specification of BF16 computes, one would exist.
      if (chunk == 1 && std::get<0>(GetParam()) == scalar_in_bf16()) continue;
      std::vector<float> parts;
      for (int32_t begin = 0; begin < kContext; begin += chunk) {
        feed(begin, std::min(kContext, begin + chunk), table, latents, queries, form, parts);
      }
      ASSERT_EQ(parts, whole) << "form " << static_cast<int>(form) << " chunk " << chunk;
    }
  }
}

// Of up to 256 positions the attended latents are rounded where they were attended, of more where
// their tiles are joined.
TEST_P(MlaAttentionTest, ChunksChangeNoBitOfPackedProjections) {
  constexpr int32_t kContext = 300;
  const auto latents = random_floats(kContext * kSlot, 5);
  const auto queries = random_floats(kContext * kHeads * (kNope + kRope), 6);
  const auto table = scattered_table();
  std::vector<float> plain;
  used_v_b_ = &wide_v_b_;
  feed(0, kContext, table, latents, queries, AttentionForm::kAbsorbed, plain);
  for (const Weight& v_b : packed_v_b_) {
    used_v_b_ = &v_b;
    std::vector<float> whole;
    feed(0, kContext, table, latents, queries, AttentionForm::kAbsorbed, whole);
    for (size_t i = 0; i < whole.size(); ++i) ASSERT_NEAR(whole[i], plain[i], 0.2) << i;
    for (const int32_t chunk : {1, 2, 7, 100}) {
      std::vector<float> parts;
      for (int32_t begin = 0; begin < kContext; begin += chunk) {
        feed(begin, std::min(kContext, begin + chunk), table, latents, queries,
             AttentionForm::kAbsorbed, parts);
      }
      ASSERT_EQ(parts, whole) << "chunk " << chunk;
    }
  }
}

// One token is done at once, five by all threads.
TEST_P(MlaAttentionTest, TokensAreNormalisedRotatedAndStored) {
  constexpr int32_t kHead = kNope + kRope, kQ = kHeads * kHead;
  constexpr float kEps = 1e-3f;
  for (const int32_t T : {1, 5}) {
    for (const bool interleaved : {true, false}) {
      auto latents = random_floats(T * kSlot, 8), q = random_floats(T * kQ, 9);
      const auto cos = random_floats(T * kRope / 2, 10), sin = random_floats(T * kRope / 2, 11);
      std::vector<double> want_latents(latents.begin(), latents.end());
      std::vector<double> want_q(q.begin(), q.end());
      const auto turn = [&](int32_t t, double* values) {
        for (int32_t i = 0; i < kRope / 2; ++i) {
          double& a = values[interleaved ? 2 * i : i];
          double& b = values[interleaved ? 2 * i + 1 : kRope / 2 + i];
          const double c = cos[static_cast<size_t>(t * kRope / 2 + i)];
          const double s = sin[static_cast<size_t>(t * kRope / 2 + i)];
          std::tie(a, b) = std::pair(a * c - b * s, b * c + a * s);
        }
      };
      std::vector<int32_t> slots;
      for (int32_t t = 0; t < T; ++t) {
        double* latent = &want_latents[static_cast<size_t>(t * kSlot)];
        const double squares = std::inner_product(latent, latent + kLatent, latent, 0.0);
        for (int32_t l = 0; l < kLatent; ++l) {
          latent[l] *= double{gain_values_[static_cast<size_t>(l)]} /
                       std::sqrt(squares / kLatent + double{kEps});
        }
        turn(t, latent + kLatent);
        for (int32_t n = 0; n < kHeads; ++n) {
          turn(t, &want_q[static_cast<size_t>(t * kQ + n * kHead + kNope)]);
        }
        slots.push_back(3 * kBlockSize - 2 + t);
      }
      const BatchView batch = {{}, {}, slots, {}, {}};
      backend_.begin_step(batch);
      backend_.rotate_and_store({.rope = {cos.data(), sin.data(), kRope, interleaved},
                                 .q = {q.data(), T, kQ, kQ},
                                 .num_heads = kHeads,
                                 .latents = {latents.data(), T, kSlot, kSlot},
                                 .gain = &gain_,
                                 .eps = kEps,
                                 .cache = cache_});
      for (size_t i = 0; i < q.size(); ++i) ASSERT_NEAR(double{q[i]}, want_q[i], 1e-5) << i;
      for (size_t i = 0; i < latents.size(); ++i) {
        ASSERT_NEAR(double{latents[i]}, want_latents[i], 1e-5) << i;
      }
      const std::vector<uint8_t> stored = cache_bytes_;
      std::fill(cache_bytes_.begin(), cache_bytes_.end(), uint8_t{0});
      backend_.store_latent({latents.data(), T, kSlot, kSlot}, cache_);
      EXPECT_EQ(stored, cache_bytes_);
      std::fill(cache_bytes_.begin(), cache_bytes_.end(), uint8_t{0});
    }
  }
}

std::string name_of(const testing::TestParamInfo<TableAndCache>& info) {
  constexpr const char* kTypes[] = {"F32", "BF16", "Int8"};
  return std::string(std::get<0>(info.param)->name) +
         kTypes[static_cast<size_t>(std::get<1>(info.param))];
}

INSTANTIATE_TEST_SUITE_P(Tables, MlaAttentionTest,
                         testing::Combine(testing::ValuesIn(supported_kernels()),
                                          testing::Values(CacheDType::kF32, CacheDType::kBF16,
                                                          CacheDType::kInt8)),
                         name_of);

INSTANTIATE_TEST_SUITE_P(InBf16, MlaAttentionTest,
                         testing::Combine(testing::Values(scalar_in_bf16()),
                                          testing::Values(CacheDType::kInt8)),
                         name_of);

}  // namespace
}  // namespace youtu
