// Completions whose thought has a budget, or whose answer ends behind some text, through the whole
// engine.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "engine/local_engine.h"
#include "tests/support/format_text.h"
#include "tests/support/generate_alone.h"
#include "tests/support/scripted_local_engine.h"

namespace youtu {
namespace {

using test::Answer;
using test::make_engine;
using test::read_all;
using test::small_options;

constexpr size_t kNumPromptTokens = 4;

// A model that says `text`, whatever is put into its mouth meanwhile: the byte of each place.
LogitScript says(std::string text) {
  return [text = std::move(text)](std::span<const TokenId> tokens, std::span<float> logits) {
    std::ranges::fill(logits, 0.0f);
    const size_t place = (tokens.size() - kNumPromptTokens) % text.size();
    logits[static_cast<unsigned char>(text[place])] = 9.0f;
  };
}

GenerationRequest greedy_request(int64_t max_new_tokens) {
  GenerationRequest request = make_request(kNumPromptTokens, max_new_tokens, 1);
  request.sampling.temperature = 0;
  return request;
}

Answer ask(Engine& engine, GenerationRequest request) {
  auto handle = engine.submit(std::move(request));
  EXPECT_TRUE(handle.is_ok()) << handle.status().message();
  return handle ? read_all(*handle) : Answer();
}

const std::string kThinker = "<think>0123456789abcdefghijklmnopqrstuvwxyz";

TEST(LocalEngineOutline, ClosesAThoughtAfterExactlyItsBudget) {
  auto engine = make_engine(small_options(), nullptr, says(kThinker));
  for (const int64_t budget : {0, 1, 7, 20}) {
    SCOPED_TRACE(budget);
    GenerationRequest request = greedy_request(40);
    request.thought = ThoughtRules{};
    request.sampling.thinking_token_budget = budget;
    const std::string closed = kThinker.substr(0, static_cast<size_t>(7 + budget)) + "</think>";
    const std::string expected = closed + kThinker.substr(closed.size(), 40 - closed.size());
    Answer answer = ask(*engine, request);
    EXPECT_EQ(answer.text, expected);
    EXPECT_EQ(answer.last.usage.reasoning_tokens, budget);
    EXPECT_EQ(answer.last.usage.completion_tokens, 40);
    request.prediction.assign(kThinker.begin(), kThinker.end());
    EXPECT_EQ(ask(*engine, request).text, expected);
    request.prediction.assign(expected.begin(), expected.end());
    answer = ask(*engine, request);
    EXPECT_EQ(answer.text, expected);
    EXPECT_EQ(answer.last.usage.reasoning_tokens, budget);
  }
}

TEST(LocalEngineOutline, SaysTheLastWordsAndLetsShortThoughtsBe) {
  auto engine = make_engine(small_options(), nullptr, says("ab</think>The answer is long. "));
  GenerationRequest request = greedy_request(20);
  request.thought = ThoughtRules{.is_open = true, .last_words = "…so:"};
  request.sampling.thinking_token_budget = 1;
  EXPECT_EQ(ask(*engine, request).text, "a…so:</think>nswer");
  request.sampling.thinking_token_budget = 10;  // until it is complete, the tag may be thought
  const Answer answer = ask(*engine, request);
  EXPECT_EQ(answer.text, "ab</think>The answer");
  EXPECT_EQ(answer.last.usage.reasoning_tokens, 2);
}

TEST(LocalEngineOutline, AFormatHoldsBehindAThoughtThatWasClosed) {
  auto engine = make_engine(small_options());
  for (uint64_t seed = 0; seed < 8; ++seed) {
    GenerationRequest request = make_request(kNumPromptTokens, 60, seed);
    request.sampling.ignore_eos = false;
    request.sampling.thinking_token_budget = static_cast<int64_t>(seed);
    request.thought = ThoughtRules{.is_open = true, .last_words = "."};
    request.output_format = {
        .kind = OutputFormat::Kind::kRegex, .text = "[xy]{3}", .after = "</think>"};
    const Answer answer = ask(*engine, request);
    EXPECT_EQ(answer.last.finish_reason, FinishReason::kEndOfSequence)
        << answer.last.status.message();
    const int64_t least = static_cast<int64_t>(seed) + 1;  // with the last word
    EXPECT_GE(answer.last.usage.reasoning_tokens, least);
    EXPECT_LE(answer.last.usage.reasoning_tokens, least + 3);  // the rest of a character
    const size_t end = answer.text.find("</think>") + 8;
    const size_t begin = answer.text.find_first_not_of('\n', end);
    EXPECT_LE(begin - end, 2u);
    EXPECT_TRUE(FormatText({.kind = OutputFormat::Kind::kRegex, .text = "[xy]{3}"})
                    .matches(answer.text.substr(begin)))
        << answer.text;
  }
}

TEST(LocalEngineOutline, AnAnswerEndsBehindItsMark) {
  const std::string call = "<tool_call>{}</tool_call>";
  auto engine = make_engine(small_options(), nullptr, says("Let me see. " + call + "\n" + call));
  GenerationRequest request = greedy_request(100);
  EXPECT_EQ(ask(*engine, request).last.finish_reason, FinishReason::kLength);
  request.ends_behind = "</tool_call>";
  const Answer answer = ask(*engine, request);
  EXPECT_EQ(answer.text, "Let me see. " + call);
  EXPECT_EQ(answer.last.finish_reason, FinishReason::kStopString);
  EXPECT_EQ(answer.last.stop_string, "");
  EXPECT_EQ(answer.last.usage.completion_tokens, static_cast<int64_t>(answer.text.size()));
  request.prediction.assign(call.begin(), call.end());
  EXPECT_EQ(ask(*engine, request).tokens, answer.tokens);
}

}  // namespace
}  // namespace youtu
