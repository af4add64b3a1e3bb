// The engine over a real, if tiny, model. On the CPU every output is summed in an order that does
// not depend on what else is in the step, so the ways to compute an answer agree token for token,
// sampled ones too.
#include "engine/model_executor.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>

#include "engine/engine_options.h"
#include "engine/local_engine.h"
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

std::unique_ptr<LocalEngine> make_engine(const EngineOptions& options) {
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

Answers answer_all(const EngineOptions& options) {
  auto engine = make_engine(options);
  std::vector<GenerationHandle> handles;
  for (const GenerationRequest& request : make_requests()) {
    auto handle = engine->submit(request);
    EXPECT_TRUE(handle.is_ok()) << handle.status().message();
    handles.push_back(std::move(*handle));
  }
  engine->drain();
  EXPECT_EQ(engine->stats().blocks_in_use, 0);
  Answers answers;
  for (GenerationHandle& handle : handles) {
    std::vector<TokenId>& tokens = answers.emplace_back();
    std::optional<GenerationEvent> last;
    while (auto event = handle.try_next()) {
      tokens.insert(tokens.end(), event->tokens.begin(), event->tokens.end());
      last = std::move(event);
    }
    EXPECT_TRUE(last && last->status.is_ok());
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

TEST_F(ModelExecutorTest, OneThreadIsTwo) {
  EngineOptions options = toy_options();
  options.num_threads = 1;
  EXPECT_EQ(answer_all(options), alone());
}

TEST_F(ModelExecutorTest, BatchedIsAloneOverAnInt8Cache) {
  EngineOptions options = toy_options();
  options.cache_dtype = "int8";
  const Answers together = answer_all(options);
  options.enable_batching = false;
  EXPECT_EQ(together, answer_all(options));
}

}  // namespace
}  // namespace youtu
