#include "grammar/format_compiler.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/support/format_text.h"
#include "tests/support/piece_tokenizer.h"

namespace youtu {
namespace {

using Kind = OutputFormat::Kind;

OutputFormat choice(int number) {
  return {.kind = Kind::kChoice, .choices = {"choice " + std::to_string(number)}};
}

TEST(FormatCompiler, KeepsTheLastOnes) {
  const PieceTokenizer tokenizer({});
  FormatCompiler compiler(tokenizer);
  const auto first = *compiler.compile(choice(0));
  EXPECT_EQ(first, *compiler.compile(choice(0)));
  for (int i = 1; i < static_cast<int>(FormatCompiler::kMaxKept); ++i) {
    ASSERT_TRUE(compiler.compile(choice(i)).is_ok());
  }
  EXPECT_EQ(first, *compiler.compile(choice(0)));  // and is now the last one used
  const std::weak_ptr<CompiledFormat> second = *compiler.compile(choice(1));
  for (int i = 100; i < 100 + static_cast<int>(FormatCompiler::kMaxKept); ++i) {
    ASSERT_TRUE(compiler.compile(choice(i)).is_ok());
  }
  EXPECT_TRUE(second.expired());
  EXPECT_NE(first, *compiler.compile(choice(0)));
}

TEST(FormatCompiler, TellsFormatsApartByAllFields) {
  const PieceTokenizer tokenizer({});
  FormatCompiler compiler(tokenizer);
  const auto plain = *compiler.compile({.kind = Kind::kRegex, .text = "a"});
  EXPECT_NE(plain, *compiler.compile({.kind = Kind::kRegex, .text = "a", .after = "x"}));
  EXPECT_NE(plain, *compiler.compile({.kind = Kind::kRegex, .text = "b"}));
  EXPECT_NE(plain, *compiler.compile({.kind = Kind::kGrammar, .text = "root ::= \"a\""}));
}

TEST(FormatCompiler, MayBeAskedByManyAtOnce) {
  const PieceTokenizer tokenizer({});
  FormatCompiler compiler(tokenizer);
  std::vector<std::shared_ptr<CompiledFormat>> got(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < got.size(); ++i) {
    threads.emplace_back([&, i] { got[i] = *compiler.compile({.kind = Kind::kJsonObject}); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& one : got) EXPECT_EQ(one, got[0]);
}

TEST(FormatCompiler, RefusesAVocabularyThatCouldLeadNowhere) {
  PieceTokenizer tokenizer({});
  tokenizer.remove_byte('q');
  FormatCompiler missing(tokenizer);
  EXPECT_EQ(missing.compile(choice(1)).status().code(), StatusCode::kFailedPrecondition);
  const PieceTokenizer endless({}, {});
  FormatCompiler no_end(endless);
  EXPECT_EQ(no_end.compile(choice(1)).status().code(), StatusCode::kFailedPrecondition);
}

TEST(OutputFormat, ChoicesAreChecked) {
  EXPECT_TRUE(check_output_format(choice(1)).is_ok());
  const auto status_of = [](std::vector<std::string> choices) {
    return check_output_format({.kind = Kind::kChoice, .choices = std::move(choices)});
  };
  EXPECT_EQ(status_of({}).param(), "choice");
  EXPECT_EQ(status_of({"a", ""}).reason(), "out_of_range");
  EXPECT_EQ(status_of({"\xFF"}).reason(), "out_of_range");
  EXPECT_EQ(status_of(std::vector<std::string>(2000, "a")).reason(), "out_of_range");
  EXPECT_EQ(status_of({std::string(70'000, 'a')}).reason(), "out_of_range");
}

TEST(OutputFormat, TextBeforeItIsFree) {
  FormatText text({.kind = Kind::kChoice, .choices = {"yes"}, .after = "aab"});
  for (const char* free : {"", "水\n{", "aa", "a aaaa", "abab"}) {
    EXPECT_TRUE(text.matches(std::string(free) + "aabyes")) << free;
    EXPECT_TRUE(text.matches(std::string(free) + "aab\n\nyes")) << free;
    EXPECT_FALSE(text.matches(free)) << free;
    EXPECT_TRUE(text.may_begin(free)) << free;
  }
  EXPECT_FALSE(text.may_begin("aabx"));
  EXPECT_FALSE(text.may_begin("aabaabyes"));
  EXPECT_FALSE(text.may_begin("aab\n\n\nyes"));
  EXPECT_EQ(
      check_output_format({.kind = Kind::kJsonObject, .after = std::string(65, 'a')}).reason(),
      "out_of_range");
}

}  // namespace
}  // namespace youtu
