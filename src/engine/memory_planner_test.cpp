// What is planned is what is taken, to the byte, whatever the model's form and the options.
#include "engine/memory_planner.h"

#include <gtest/gtest.h>

#include "cache/block_manager.h"
#include "cache/prefix_sketch.h"
#include "engine/engine_options.h"
#include "engine/memory_remedies.h"
#include "engine/model_runner.h"
#include "formats/packed_model.h"
#include "model/packed_weights.h"
#include "tests/support/toy_folder.h"
#include "tests/support/toy_tokenizer.h"

namespace youtu {
namespace {

constexpr int32_t kVocabSize = ToyTokenizer::kVocabSize;

EngineOptions toy_options() {
  EngineOptions options;
  options.max_context_tokens = 500;
  options.max_batch_size = 3;
  options.max_step_tokens = 70;
  options.num_threads = 2;
  options.pack_cache = "off";
  options.weights = "exact";
  return options;
}

// Loads the model as the engine does and compares.
void expect_exact(const OpenedModel& opened, const EngineOptions& options) {
  const auto plan = MemoryPlanner(opened).plan(options);
  ASSERT_TRUE(plan.is_ok()) << plan.status().message();
  const auto how = load_options(opened, options);
  ASSERT_TRUE(how.is_ok());
  auto loaded = load_model(opened, *how);
  ASSERT_TRUE(loaded.is_ok()) << loaded.status().message();
  EXPECT_EQ(plan->weight_bytes, loaded->weight_bytes);
  EXPECT_EQ(plan->loading_bytes, loaded->loading_bytes);
  EXPECT_EQ(plan->weight_types, loaded->weight_types);
  const ModelExecutorLimits limits = executor_limits(options);
  auto executor = ModelExecutor::create(*std::move(loaded), limits);
  ASSERT_TRUE(executor.is_ok());
  EXPECT_EQ(plan->cache_bytes, (*executor)->cache_bytes());
  const ModelRunner runner(**executor, limits.max_batch_size, limits.max_step_tokens);
  EXPECT_EQ(plan->workspace_bytes, (*executor)->memory().workspace.bytes() + runner.bytes());
  const BlockManagerOptions block_options = {.num_blocks = limits.num_blocks,
                                             .block_size = kBlockSize,
                                             .prefix_cache = options.prefix_cache};
  const PrefixSketch sketch(BlockManager::tree_shape(block_options));
  EXPECT_EQ(plan->index_bytes, BlockManager(block_options).bytes() + sketch.bytes());
  EXPECT_GE(plan->cache_tokens, options.max_context_tokens);
}

TEST(MemoryPlanner, PlansWhatIsTaken) {
  const OpenedModel opened = make_toy_model(kVocabSize, 1);
  for (const char* weights : {"exact", "bf16", "q8", "q4", "q4,head=bf16"}) {
    for (const char* cache_dtype : {"auto", "f32", "bf16", "int8"}) {
      SCOPED_TRACE(testing::Message() << weights << ", " << cache_dtype);
      EngineOptions options = toy_options();
      options.weights = weights;
      options.cache_dtype = cache_dtype;
      expect_exact(opened, options);
    }
  }
}

TEST(MemoryPlanner, FollowsEveryOption) {
  const OpenedModel opened = make_toy_model(kVocabSize, 1);
  const std::vector<void (*)(EngineOptions&)> changes = {
      [](auto& o) { o.num_threads = 1; },        [](auto& o) { o.max_batch_size = 64; },
      [](auto& o) { o.max_step_tokens = 512; },  [](auto& o) { o.max_context_tokens = 33; },
      [](auto& o) { o.cache_tokens = 5000; },    [](auto& o) { o.prefix_cache = false; },
      [](auto& o) { o.enable_batching = false; }};
  for (size_t i = 0; i < changes.size(); ++i) {
    SCOPED_TRACE(i);
    EngineOptions options = toy_options();
    changes[i](options);
    expect_exact(opened, options);
  }
}

TEST(MemoryPlanner, KnowsPackedFiles) {
  const TemporaryFolder folder;
  const OpenedModel source = make_toy_folder(folder, kVocabSize, 1);
  const auto policy = parse_weight_policy("q4");
  ASSERT_TRUE(policy.is_ok());
  const auto loaded = load_model(source, {.num_threads = 2, .weights = *policy});
  ASSERT_TRUE(loaded.is_ok());
  const std::string path = folder / "toy.youtu";
  ASSERT_TRUE(write_packed_model(source, loaded->config, loaded->model->weights(),
                                 {.path = path, .weights = "q4", .key = ""}));
  const auto packed = open_packed_model(path);
  ASSERT_TRUE(packed.is_ok()) << packed.status().message();
  EngineOptions options = toy_options();
  options.weights = "auto";
  for (const bool is_mapped : {true, false}) {
    SCOPED_TRACE(is_mapped);
    options.load = is_mapped ? "map" : "read";
    expect_exact(*packed, options);
    EXPECT_EQ(MemoryPlanner(*packed).plan(options)->are_weights_mapped, is_mapped);
  }
}

TEST(MemoryPlanner, ReadsNoWeights) {
  OpenedModel opened = make_toy_model(kVocabSize, 1);
  // Views of the right shapes over nothing.
  class Shapes final : public TensorSource {
   public:
    explicit Shapes(std::shared_ptr<TensorSource> source) : source_(std::move(source)) {
      for (TensorView view : source_->tensors()) {
        view.data = {reinterpret_cast<const uint8_t*>(64), view.data.size()};
        views_.push_back(std::move(view));
      }
    }
    std::span<const TensorView> tensors() const override { return views_; }
    const TensorView* find(std::string_view name) const override {
      for (const TensorView& view : views_) {
        if (view.name == name) return &view;
      }
      return nullptr;
    }

   private:
    std::shared_ptr<TensorSource> source_;
    std::vector<TensorView> views_;
  };
  opened.tensors = std::make_shared<Shapes>(opened.tensors);
  for (const char* weights : {"exact", "bf16", "q4"}) {
    EngineOptions options = toy_options();
    options.weights = weights;
    const auto plan = MemoryPlanner(opened).plan(options);
    ASSERT_TRUE(plan.is_ok()) << plan.status().message();
    EXPECT_GT(plan->weight_bytes, 0);
  }
}

TEST(MemoryPlanner, RefusesWhatTheEngineRefuses) {
  const OpenedModel opened = make_toy_model(kVocabSize, 1);
  EngineOptions options = toy_options();
  options.max_context_tokens = 513;
  EXPECT_EQ(MemoryPlanner(opened).plan(options).status().param(), "max_context_tokens");
}

TEST(MemoryPlanner, ReportsWhatWouldHelp) {
  const OpenedModel opened = make_toy_model(kVocabSize, 1);
  const EngineOptions options = toy_options();
  MemoryPlanner planner(opened);
  const int64_t need = planner.plan(options)->start_bytes();
  const auto enough = planner.report(options, need);
  ASSERT_TRUE(enough.is_ok());
  EXPECT_TRUE(enough->fits());
  EXPECT_TRUE(enough->remedies.empty());
  const auto unknown = planner.report(options, std::nullopt);
  ASSERT_TRUE(unknown.is_ok());
  EXPECT_TRUE(unknown->fits());
  const auto tight = planner.report(options, need - 1);
  ASSERT_TRUE(tight.is_ok());
  EXPECT_FALSE(tight->fits());
  ASSERT_EQ(tight->remedies.size(), kMaxRemedies);
  for (const MemoryRemedy& remedy : tight->remedies) EXPECT_LT(remedy.start_bytes, need);
}

}  // namespace
}  // namespace youtu
