// The engine over a real, if tiny, model. On the CPU every output is summed in an order that does
// not depend on what else is in the step, so the ways to compute an answer agree token for token,
// sampled ones too.
#include "engine/model_executor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>

#include "engine/engine_options.h"
#include "engine/local_engine.h"
#include "sampling/block_maxima.h"
#include "tests/support/toy_model.h"
#include "tests/support/toy_tokenizer.h"

namespace youtu {
namespace {

EngineOptions toy_options() {
  EngineOptions options;
  options.max_context_tokens = 512;
  options.max_batch_size = 6;
  options.max_step_tokens = 600;
  options.num_threads = 2;
  return options;
}

// The same model, whose logits come without their maxima.
class ForgetfulExecutor final : public StepExecutor {
 public:
  explicit ForgetfulExecutor(std::unique_ptr<StepExecutor> inner) : inner_(std::move(inner)) {}

  int32_t vocab_size() const override { return inner_->vocab_size(); }
  void move_latents(std::span<const LatentMove> moves, int32_t shift) override {
    inner_->move_latents(moves, shift);
  }
  Status forward(const BatchView& batch, std::span<float> logits) override {
    return inner_->forward(batch, logits);
  }

 private:
  std::unique_ptr<StepExecutor> inner_;
};

enum class Maxima { kKnown, kForgotten };

std::unique_ptr<LocalEngine> make_engine(const EngineOptions& options,
                                         Maxima maxima = Maxima::kKnown) {
  EXPECT_TRUE(validate(options, 512).is_ok());
  auto loaded =
      load_model(make_toy_model(ToyTokenizer::kVocabSize, 7), {.num_threads = options.num_threads});
  EXPECT_TRUE(loaded.is_ok()) << loaded.status().message();
  auto executor =
      ModelExecutor::create(*std::move(loaded), {.max_batch_size = batch_size_of(options),
                                                 .max_step_tokens = options.max_step_tokens,
                                                 .num_blocks = num_cache_blocks_of(options),
                                                 .cache_dtype = cache_dtype_of(options)});
  EXPECT_TRUE(executor.is_ok()) << executor.status().message();
  EXPECT_GT((*executor)->cache_bytes(), 0);
  EngineParts parts;
  parts.options = options;
  parts.tokenizer = std::make_shared<ToyTokenizer>();
  parts.executor = *std::move(executor);
  if (maxima == Maxima::kForgotten) {
    parts.executor = std::make_unique<ForgetfulExecutor>(std::move(parts.executor));
  }
  return std::make_unique<LocalEngine>(std::move(parts));
}

std::vector<GenerationRequest> make_requests() {
  std::mt19937 random(3);
  std::vector<GenerationRequest> requests(12);
  for (size_t i = 0; i < requests.size(); ++i) {
    GenerationRequest& request = requests[i];
    request.prompt_tokens.resize(1 + random() % 150);
    for (TokenId& token : request.prompt_tokens) token = static_cast<TokenId>(random() % 256);
    request.sampling.max_new_tokens = 20 + random() % 60;
    request.sampling.temperature = i % 3 == 0 ? 0.0 : 0.8;
    request.sampling.top_k = 40;
    request.sampling.seed = i;
    request.sampling.repetition_penalty = i % 2 == 0 ? 1.0 : 1.2;
  }
  return requests;
}

using Answers = std::vector<std::vector<TokenId>>;

std::vector<TokenId> read_answer(GenerationHandle& handle, Usage& usage) {
  std::vector<TokenId> tokens;
  std::optional<GenerationEvent> last;
  while (auto event = handle.wait_next(std::chrono::minutes(1))) {
    tokens.insert(tokens.end(), event->tokens.begin(), event->tokens.end());
    last = std::move(event);
  }
  EXPECT_TRUE(last && last->status.is_ok());
  if (last) usage = last->usage;
  return tokens;
}

Answers answer_all(const EngineOptions& options, Maxima maxima = Maxima::kKnown) {
  auto engine = make_engine(options, maxima);
  std::vector<GenerationHandle> handles;
  for (const GenerationRequest& request : make_requests()) {
    auto handle = engine->submit(request);
    EXPECT_TRUE(handle.is_ok()) << handle.status().message();
    handles.push_back(std::move(*handle));
  }
  engine->drain();
  EXPECT_EQ(engine->stats().blocks_in_use, 0);
  Answers answers;
  Usage usage;
  for (GenerationHandle& handle : handles) answers.push_back(read_answer(handle, usage));
  return answers;
}

// The requests one after the other, and after each its second and third turn, which begin with all
// that was said before. Adds up the tokens that were found in the prefix cache.
Answers answer_conversations(const EngineOptions& options, int64_t& cached_tokens) {
  auto engine = make_engine(options);
  Answers answers;
  for (GenerationRequest request : make_requests()) {
    for (int turn = 1; turn <= 3; ++turn) {
      auto handle = engine->submit(request);
      EXPECT_TRUE(handle.is_ok()) << handle.status().message();
      Usage usage;
      const std::vector<TokenId>& answer = answers.emplace_back(read_answer(*handle, usage));
      cached_tokens += usage.cached_tokens;
      std::vector<TokenId>& prompt = request.prompt_tokens;
      prompt.insert(prompt.end(), answer.begin(), answer.end());
      for (TokenId token = 0; token < 10; ++token) prompt.push_back(token * turn);
    }
  }
  return answers;
}

class ModelExecutorTest : public testing::Test {
 protected:
  // One request at a time, each prompt in one step.
  static const Answers& alone() {
    static const Answers answers = [] {
      EngineOptions options = toy_options();
      options.enable_batching = false;
      return answer_all(options);
    }();
    return answers;
  }
};

TEST_F(ModelExecutorTest, AnswersAreNotAllAlike) {
  ASSERT_EQ(alone().size(), 12u);
  EXPECT_NE(alone()[1], alone()[2]);
  EXPECT_GT(alone()[0].size(), 0u);
}

TEST_F(ModelExecutorTest, BatchedIsAlone) {
  EXPECT_EQ(answer_all(toy_options()), alone());
}

TEST_F(ModelExecutorTest, MaximaThatComeWithLogitsChangeNothing) {
  EXPECT_EQ(answer_all(toy_options(), Maxima::kForgotten), alone());
}

TEST_F(ModelExecutorTest, ChunkedIsUnchunked) {
  for (const int chunk : {6, 17, 64}) {
    SCOPED_TRACE(testing::Message() << "max_step_tokens " << chunk);
    EngineOptions options = toy_options();
    options.max_step_tokens = chunk;
    EXPECT_EQ(answer_all(options), alone());
  }
}

TEST_F(ModelExecutorTest, PreemptedIsNot) {
  EngineOptions options = toy_options();
  options.cache_tokens = 512;
  options.max_step_tokens = 40;
  EXPECT_EQ(answer_all(options), alone());
}

// As with chunks, the two forms of attention agree but for rounding, which over 8-bit latents is
// coarse; steps of less than 32 tokens have one form only.
TEST_F(ModelExecutorTest, CachedIsCold) {
  struct Case {
    const char* cache_dtype;
    int cold_step_tokens;
    int cached_step_tokens;
  };
  for (const auto& [cache_dtype, cold_step_tokens, cached_step_tokens] :
       {Case{"f32", 600, 600}, Case{"bf16", 600, 17}, Case{"int8", 31, 17}}) {
    SCOPED_TRACE(cache_dtype);
    EngineOptions options = toy_options();
    options.cache_dtype = cache_dtype;
    options.prefix_cache = false;
    options.max_step_tokens = cold_step_tokens;
    int64_t cached_tokens = 0;
    const Answers cold = answer_conversations(options, cached_tokens);
    EXPECT_EQ(cached_tokens, 0);
    options.prefix_cache = true;
    options.max_step_tokens = cached_step_tokens;
    EXPECT_EQ(answer_conversations(options, cached_tokens), cold);
    EXPECT_GT(cached_tokens, 12 * 100);
  }
}

// The logits of the last of `tokens`, of which the first `num_computed` are in the blocks of
// `table`, computed in chunks.
std::vector<float> compute(ModelExecutor& executor, std::span<const TokenId> tokens,
                           std::span<const int32_t> table, int32_t num_computed, int32_t chunk) {
  std::vector<float> logits(static_cast<size_t>(executor.vocab_size()));
  const auto num_tokens = static_cast<int32_t>(tokens.size());
  for (int32_t begin = num_computed; begin < num_tokens; begin += chunk) {
    const int32_t end = std::min(begin + chunk, num_tokens);
    std::vector<int32_t> positions, slots;
    for (int32_t i = begin; i < end; ++i) {
      positions.push_back(i);
      slots.push_back(table[static_cast<size_t>(i / kBlockSize)] * kBlockSize + i % kBlockSize);
    }
    const SequenceSlice slice = {
        .query_start = 0, .num_queries = end - begin, .context_length = end, .block_table = table};
    const int32_t last_row = end - begin - 1;
    const auto chunk_tokens =
        tokens.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
    EXPECT_TRUE(executor
                    .forward({.token_ids = chunk_tokens,
                              .positions = positions,
                              .slot_mapping = slots,
                              .sequences = {&slice, 1},
                              .logit_rows = {&last_row, 1}},
                             logits)
                    .is_ok());
  }
  BlockMaxima maxima(executor.vocab_size());
  maxima.reset({});
  EXPECT_TRUE(maxima.update(logits));
  EXPECT_TRUE(std::ranges::equal(executor.block_maxima(0), maxima));
  return logits;
}

TEST_F(ModelExecutorTest, CachedIsColdToTheLastBit) {
  std::vector<TokenId> tokens(130);
  for (size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<TokenId>(i * 37 % 256);
  const std::vector<int32_t> cold_table = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  const std::vector<int32_t> earlier_table = {9, 17, 11, 12};
  const std::vector<int32_t> table = {9, 17, 11, 12, 13, 20, 15, 16, 10};
  for (const char* weights : {"exact", "bf16", "q8", "q4"}) {
    for (const CacheDType dtype : {CacheDType::kF32, CacheDType::kBF16, CacheDType::kInt8}) {
      SCOPED_TRACE(testing::Message() << weights << ", cache type " << static_cast<int>(dtype));
      const auto policy = parse_weight_policy(weights);
      ASSERT_TRUE(policy.is_ok());
      auto loaded = load_model(make_toy_model(ToyTokenizer::kVocabSize, 7),
                               {.num_threads = 2, .weights = *policy});
      ASSERT_TRUE(loaded.is_ok()) << loaded.status().message();
      auto executor = ModelExecutor::create(
          *std::move(loaded),
          {.max_batch_size = 1, .max_step_tokens = 64, .num_blocks = 21, .cache_dtype = dtype});
      ASSERT_TRUE(executor.is_ok());
      const auto cold = compute(**executor, tokens, cold_table, 0, 31);
      compute(**executor, std::span(tokens).first(64), earlier_table, 0, 13);
      EXPECT_EQ(compute(**executor, tokens, table, 64, 23), cold);
    }
  }
}

TEST_F(ModelExecutorTest, OneThreadIsTwo) {
  EngineOptions options = toy_options();
  options.num_threads = 1;
  EXPECT_EQ(answer_all(options), alone());
}

// No prompt is cut, since a part may be attended to in the other form.
TEST_F(ModelExecutorTest, BatchedIsAloneOverAnInt8Cache) {
  EngineOptions options = toy_options();
  options.cache_dtype = "int8";
  options.max_step_tokens = 1000;
  options.prefill_slowdown_percent = 0;
  const Answers together = answer_all(options);
  options.enable_batching = false;
  EXPECT_EQ(together, answer_all(options));
}

}  // namespace
}  // namespace youtu
