// The whole engine with its thread, over a scripted executor.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine_options.h"
#include "engine/local_engine.h"
#include "tests/support/scripted_executor.h"
#include "tests/support/toy_tokenizer.h"

namespace youtu::test {

inline EngineOptions small_options() {
  EngineOptions options;
  options.max_context_tokens = 256;
  options.max_batch_size = 4;
  options.max_step_tokens = 16;
  options.max_queued_requests = 8;
  return options;
}

inline std::unique_ptr<LocalEngine> make_engine(
    const EngineOptions& options, std::function<Status(const BatchView&)> before_step = nullptr,
    LogitScript script = hashed_logits) {
  EXPECT_TRUE(validate(options, 131072).is_ok());
  auto executor = std::make_unique<ScriptedExecutor>(
      ToyTokenizer::kVocabSize, num_cache_blocks_of(options), std::move(script));
  executor->set_before_step(std::move(before_step));
  EngineParts parts;
  parts.options = options;
  parts.tokenizer = std::make_shared<ToyTokenizer>();
  parts.executor = std::move(executor);
  parts.model_info.name = "script";
  return std::make_unique<LocalEngine>(std::move(parts));
}

struct Answer {
  std::string text;
  std::vector<TokenId> tokens;
  GenerationEvent last;
};

inline Answer read_all(GenerationHandle& handle) {
  Answer answer;
  while (answer.last.finish_reason == FinishReason::kNone) {
    auto event = handle.wait_next(std::chrono::minutes(1));
    if (!event) {
      ADD_FAILURE() << "no event in a minute";
      break;
    }
    answer.text += event->text;
    answer.tokens.insert(answer.tokens.end(), event->tokens.begin(), event->tokens.end());
    answer.last = *std::move(event);
  }
  return answer;
}

}  // namespace youtu::test
