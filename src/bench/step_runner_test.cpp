// Steps of a toy model: how many there are, and what they cost according to the operations that
// were called.

#include "bench/step_runner.h"

#include <gtest/gtest.h>

#include <memory>

#include "backend/timed_backend.h"
#include "tests/support/toy_model.h"

namespace youtu {
namespace {

class StepRunnerTest : public testing::Test {
 protected:
  void SetUp() override {
    LoadOptions options = {.isa = "", .num_threads = 2};
    options.decorate_backend = [this](std::unique_ptr<Backend> inner) {
      auto timed = std::make_unique<TimedBackend>(std::move(inner));
      timed_ = timed.get();
      return timed;
    };
    auto loaded = load_model(make_toy_model(300, 7), options);
    ASSERT_TRUE(loaded) << loaded.status().message();
    loaded_ = std::make_unique<LoadedModel>(*std::move(loaded));
    auto runner = StepRunner::create(*loaded_, 4);
    ASSERT_TRUE(runner) << runner.status().message();
    runner_ = std::make_unique<StepRunner>(*std::move(runner));
    ASSERT_TRUE(runner_->make_cache(64));
  }

  RunTime run(const BenchCase& bench_case) {
    timed_->start_recording();
    const auto time = runner_->run(bench_case);
    timed_->stop_recording();
    EXPECT_TRUE(time) << time.status().message();
    return *time;
  }
  OperationRecord record(const std::string& name) const {
    for (const OperationRecord& record : timed_->records()) {
      if (record.name == name) return record;
    }
    return {};
  }

  TimedBackend* timed_ = nullptr;
  std::unique_ptr<LoadedModel> loaded_;
  std::unique_ptr<StepRunner> runner_;
};

TEST_F(StepRunnerTest, APromptIsCutIntoStepsAsTheEngineCutsIt) {
  const RunTime time = run({.kind = BenchKind::kPrompt, .tokens = 600});
  EXPECT_EQ(time.num_steps, 2);  // 512 and 88
  EXPECT_EQ(record("embed").calls, 2);
  EXPECT_EQ(record("gather_rows").calls, 1);  // logits of the last step only
  EXPECT_GT(time.sampling_seconds, 0);
  EXPECT_GE(time.seconds, time.sampling_seconds);
}

TEST_F(StepRunnerTest, GenerationTakesOneStepForEachToken) {
  const RunTime time = run({.batch = 3, .depth = 40, .tokens = 5});
  EXPECT_EQ(time.num_steps, 5);
  EXPECT_EQ(record("embed").calls, 5);
  EXPECT_EQ(record("gather_rows").calls, 5);
  EXPECT_EQ(record("mla_attention").calls, 5 * loaded_->config.num_hidden_layers);
}

TEST_F(StepRunnerTest, DepthIsReadFromTheCache) {
  run({.batch = 2, .depth = 0, .tokens = 1});
  const int64_t shallow = record("mla_attention").cost.bytes;
  run({.batch = 2, .depth = 100, .tokens = 1});
  const int64_t deep = record("mla_attention").cost.bytes;
  const ModelConfig& c = loaded_->config;
  const int64_t slot_bytes = int64_t{c.kv_lora_rank + c.qk_rope_head_dim} * 4;  // F32
  EXPECT_EQ(deep - shallow, 2 * 100 * c.num_hidden_layers * slot_bytes);
}

TEST_F(StepRunnerTest, WeightsAreReadOnceAStepAndMultipliedByEachToken) {
  run({.batch = 1, .depth = 0, .tokens = 1});
  const OperationCost alone = record("linear").cost;
  run({.batch = 4, .depth = 0, .tokens = 1});
  const OperationCost together = record("linear").cost;
  EXPECT_GT(alone.bytes, 0);
  EXPECT_EQ(together.bytes, alone.bytes);
  EXPECT_EQ(together.f32_macs, 4 * alone.f32_macs);
}

}  // namespace
}  // namespace youtu
