// Answers that are held to a form, through the whole engine.
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/local_engine.h"
#include "tests/support/format_text.h"
#include "tests/support/generate_alone.h"
#include "tests/support/scripted_local_engine.h"

namespace youtu {
namespace {

using FormatKind = OutputFormat::Kind;
using test::Answer;
using test::make_engine;
using test::read_all;
using test::small_options;

GenerationRequest formatted_request(OutputFormat format, uint64_t seed) {
  GenerationRequest request = make_request(4, 60, seed);
  request.sampling.ignore_eos = false;
  request.output_format = std::move(format);
  return request;
}

TEST(LocalEngineFormats, HoldsAnAnswerToItsFormat) {
  auto engine = make_engine(small_options());
  const OutputFormat formats[] = {
      {.kind = FormatKind::kRegex, .text = "[ab]{3,5}c"},
      {.kind = FormatKind::kChoice, .choices = {"yes", "no", "nobody"}},
      {.kind = FormatKind::kJsonSchema,
       .text = R"({"type":"object","properties":{"a":{"type":"boolean"}},"required":["a"]})"},
  };
  std::vector<std::pair<GenerationHandle, OutputFormat>> running;
  for (uint64_t seed = 0; seed < 12; ++seed) {
    GenerationRequest request = formatted_request(formats[seed % 3], seed);
    // The ban takes what the format would have; the format stays.
    request.sampling.no_repeat_ngram_size = seed % 2 == 0 ? 1 : 0;
    auto handle = engine->submit(request);
    ASSERT_TRUE(handle.is_ok()) << handle.status().message();
    running.emplace_back(*std::move(handle), formats[seed % 3]);
  }
  for (auto& [handle, format] : running) {
    const Answer answer = read_all(handle);
    EXPECT_EQ(answer.last.finish_reason, FinishReason::kEndOfSequence)
        << answer.last.status.message();
    EXPECT_TRUE(FormatText(format).matches(answer.text)) << answer.text;
  }
}

TEST(LocalEngineFormats, CutsAFormatWhereItsTokensEnd) {
  auto engine = make_engine(small_options());
  auto handle =
      engine->submit(formatted_request({.kind = FormatKind::kRegex, .text = "a{100}"}, 1));
  const Answer answer = read_all(*handle);
  EXPECT_EQ(answer.last.finish_reason, FinishReason::kLength);
  EXPECT_EQ(answer.text, std::string(60, 'a'));
}

// What cannot be followed any more costs its own request and nobody else's.
TEST(LocalEngineFormats, AFormatThatIsTooAmbiguousEndsItsRequestOnly) {
  const LogitScript always_a = [](std::span<const TokenId>, std::span<float> logits) {
    std::ranges::fill(logits, 0.0f);
    logits['a'] = 9.0f;
  };
  auto engine = make_engine(small_options(), nullptr, always_a);
  GenerationRequest request =
      formatted_request({.kind = FormatKind::kRegex, .text = "((a|aa){1,60000}){200,60000}b"}, 1);
  request.sampling.max_new_tokens = 240;
  request.sampling.temperature = 0;
  auto ambiguous = engine->submit(request);
  auto other = engine->submit(formatted_request({.kind = FormatKind::kRegex, .text = "x{50}"}, 2));
  ASSERT_TRUE(ambiguous.is_ok()) << ambiguous.status().message();
  EXPECT_EQ(read_all(*other).text, std::string(50, 'x'));
  const Answer answer = read_all(*ambiguous);
  EXPECT_EQ(answer.last.finish_reason, FinishReason::kError);
  EXPECT_EQ(answer.last.status.reason(), "format_error");
  auto next = engine->submit(formatted_request({.kind = FormatKind::kRegex, .text = "y{5}"}, 3));
  EXPECT_EQ(read_all(*next).text, "yyyyy");
}

}  // namespace
}  // namespace youtu
