// A backend with a clock around it computes the same, and its records add up.

#include "backend/timed_backend.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "backend/registry.h"
#include "base/check.h"

namespace youtu {
namespace {

class TimedBackendTest : public testing::Test {
 protected:
  Weight prepare(int32_t rows, int32_t cols) {
    const std::vector<float> values(static_cast<size_t>(rows) * static_cast<size_t>(cols), 0.5f);
    auto weight = timed_.prepare(
        {"w",
         DType::kF32,
         {rows, cols},
         {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(float)}});
    CHECK(weight.is_ok());
    return std::move(*weight);
  }

  ThreadPool pool_{2};
  TimedBackend timed_{*make_cpu_backend("", pool_)};
};

TEST_F(TimedBackendTest, RecordsByKindOfWeightInTheOrderOfCalls) {
  const Weight up = prepare(3, 32), other_up = prepare(3, 32), down = prepare(5, 32);
  timed_.name_weight(down, "down_proj");
  timed_.name_weight(up, "up_proj");
  timed_.name_weight(other_up, "up_proj");
  const Weight nameless = prepare(3, 32);
  std::vector<float> x(2 * 32, 1.0f), out(2 * 5);
  const Activation in = {x.data(), 2, 32, 32};

  timed_.linear_add(up, in, {out.data(), 2, 3, 3});  // before the recording
  EXPECT_TRUE(timed_.records().empty());
  timed_.start_recording();
  timed_.linear_add(up, in, {out.data(), 2, 3, 3});
  EXPECT_EQ(out[0], 2 * 16);
  timed_.linear_add(other_up, in, {out.data(), 2, 3, 3});
  EXPECT_EQ(out[0], 3 * 16);
  timed_.linear_add(down, in, {out.data(), 2, 5, 5});
  timed_.linear_add(nameless, in, {out.data(), 2, 3, 3});
  timed_.stop_recording();
  timed_.linear_add(up, in, {out.data(), 2, 3, 3});

  const auto records = timed_.records();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[0].name, "linear.up_proj");
  EXPECT_EQ(records[0].calls, 2);
  EXPECT_GE(records[0].seconds, 0);
  EXPECT_EQ(records[0].cost, (OperationCost{.bytes = 2 * 3 * 32 * 4, .f32_macs = 2 * 2 * 3 * 32}));
  EXPECT_EQ(records[1].name, "linear.down_proj");
  EXPECT_EQ(records[2].name, "linear");
  EXPECT_EQ(timed_.total_cost().f32_macs, 2 * 32 * (3 + 3 + 5 + 3));

  timed_.start_recording();
  EXPECT_TRUE(timed_.records().empty());
  EXPECT_EQ(timed_.total_cost(), OperationCost{});
}

TEST_F(TimedBackendTest, CountsAttentionByItsForm) {
  constexpr int32_t kHeads = 2, kNope = 4, kRope = 2, kValue = 3, kLatent = 8;
  const Weight k_b = prepare(kHeads * kLatent, kNope), v_b = prepare(kHeads * kValue, kLatent);
  ASSERT_TRUE(timed_.reserve({.max_tokens = 4,
                              .num_heads = kHeads,
                              .nope_dim = kNope,
                              .rope_dim = kRope,
                              .v_dim = kValue,
                              .latent_dim = kLatent}));
  constexpr int32_t kQueries = 3, kContext = 5;
  std::vector<float> cache(kBlockSize * (kLatent + kRope), 0.1f);
  std::vector<float> q(kQueries * kHeads * (kNope + kRope), 0.1f), out(kQueries * kHeads * kValue);
  const std::vector<int32_t> block_table = {0};
  const SequenceSlice sequence = {0, kQueries, kContext, block_table};
  BatchView batch;
  batch.sequences = {&sequence, 1};
  const int64_t pairs = 3 + 4 + 5;  // what queries at positions 2, 3 and 4 see
  const int64_t bytes =
      (kHeads * kLatent * kNope + kHeads * kValue * kLatent) * 4 + kContext * (kLatent + kRope) * 4;
  for (const AttentionForm form : {AttentionForm::kAbsorbed, AttentionForm::kExpanded}) {
    timed_.start_recording();
    timed_.begin_step(batch);
    timed_.mla_attention(
        {.k_b = &k_b,
         .v_b = &v_b,
         .num_heads = kHeads,
         .nope_dim = kNope,
         .v_dim = kValue,
         .scale = 1,
         .cache = {reinterpret_cast<uint8_t*>(cache.data()), CacheDType::kF32, kLatent, kRope},
         .q = {q.data(), kQueries, kHeads * (kNope + kRope), kHeads * (kNope + kRope)},
         .out = {out.data(), kQueries, kHeads * kValue, kHeads * kValue},
         .forms = {&form, 1}});
    const int64_t macs =
        form == AttentionForm::kAbsorbed
            ? kQueries * (kNope + kValue) * kLatent + pairs * (2 * kLatent + kRope)
            : kContext * (kNope + kValue) * kLatent + pairs * (kNope + kRope + kValue);
    EXPECT_EQ(timed_.total_cost(), (OperationCost{.bytes = bytes, .f32_macs = kHeads * macs}));
  }
}

TEST_F(TimedBackendTest, PeaksAreRates) {
  auto memory = timed_.allocate(4u << 20);
  ASSERT_TRUE(memory);
  const MachinePeaks peaks = timed_.measure_peaks(*memory);
  EXPECT_GT(peaks.read_bytes_per_second, 0);
  EXPECT_GT(peaks.f32_macs_per_second, 0);
  EXPECT_GT(peaks.int8_macs_per_second, 0);
}

}  // namespace
}  // namespace youtu
