#include "text/pre_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace youtu {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> split(std::vector<PreTokenizerStage> stages, const std::string& text) {
  const auto pre_tokenizer = PreTokenizer::create(stages);
  EXPECT_TRUE(pre_tokenizer.is_ok()) << pre_tokenizer.status().message();
  if (!pre_tokenizer) return {};
  const auto words = pre_tokenizer->split(text);
  EXPECT_TRUE(words.is_ok()) << words.status().message();
  std::vector<std::string> out;
  if (!words) return out;
  for (const TextRange& range : words->ranges) out.emplace_back(slice(words->text, range));
  return out;
}

SplitStage hyphens(SplitBehavior behavior, bool invert = false) {
  return {"-", false, behavior, invert};
}

// The examples of Hugging Face's documentation of the five behaviors.
TEST(PreTokenizer, KnowsTheFiveBehaviors) {
  const std::string text = "the-final--countdown";
  EXPECT_THAT(split({hyphens(SplitBehavior::kRemoved)}, text),
              ElementsAre("the", "final", "countdown"));
  EXPECT_THAT(split({hyphens(SplitBehavior::kIsolated)}, text),
              ElementsAre("the", "-", "final", "-", "-", "countdown"));
  EXPECT_THAT(split({hyphens(SplitBehavior::kMergedWithPrevious)}, text),
              ElementsAre("the-", "final-", "-", "countdown"));
  EXPECT_THAT(split({hyphens(SplitBehavior::kMergedWithNext)}, text),
              ElementsAre("the", "-final", "-", "-countdown"));
  EXPECT_THAT(split({hyphens(SplitBehavior::kContiguous)}, text),
              ElementsAre("the", "-", "final", "--", "countdown"));
}

TEST(PreTokenizer, InvertedMatchesAreTheWords) {
  const SplitStage words{R"(\p{L}+)", true, SplitBehavior::kRemoved, true};
  EXPECT_THAT(split({words}, "ab, cd!"), ElementsAre("ab", "cd"));
}

TEST(PreTokenizer, StagesWorkOnTheWordsOfTheStageBefore) {
  EXPECT_THAT(
      split({SplitStage{R"([\x{4E00}-\x{9FA5}]+)"}, SplitStage{kGpt2Pattern}}, "I'm 杜甫 42x"),
      ElementsAre("I", "'m", " ", "杜甫", " 42", "x"));
  // A later stage does not see over the border of a word.
  EXPECT_THAT(split({SplitStage{"b"}, SplitStage{"(?<=b)c|^a"}}, "abca"),
              ElementsAre("a", "b", "ca"));
}

TEST(PreTokenizer, PrefixSpaceGoesBeforeEveryWord) {
  EXPECT_THAT(split({PrefixSpaceStage{}}, "a"), ElementsAre(" a"));
  EXPECT_THAT(split({PrefixSpaceStage{}}, " a"), ElementsAre(" a"));
  EXPECT_THAT(split({hyphens(SplitBehavior::kRemoved), PrefixSpaceStage{}, SplitStage{"."}}, "a-b"),
              ElementsAre(" ", "a", " ", "b"));
  EXPECT_THAT(split({PrefixSpaceStage{}}, ""), IsEmpty());
}

TEST(PreTokenizer, EmptyMatchesCut) {
  EXPECT_THAT(split({SplitStage{"x*"}}, "axxb"), ElementsAre("a", "xx", "b"));
  EXPECT_THAT(split({SplitStage{"(?=b)"}}, "aabb"), ElementsAre("aa", "b", "b"));
  EXPECT_THAT(split({SplitStage{"", false}}, "ab"), ElementsAre("ab"));
}

std::string create_error(SplitStage stage) {
  const PreTokenizerStage stages[] = {std::move(stage)};
  const auto result = PreTokenizer::create(stages);
  return result.is_ok() ? "accepted" : result.status().message();
}

TEST(PreTokenizer, RefusesBadPatternsWhenTheyAreLoaded) {
  EXPECT_THAT(create_error({"(a"}), HasSubstr("pre_tokenizer: "));
  EXPECT_THAT(create_error({"*a"}), HasSubstr("pre_tokenizer: "));
  EXPECT_THAT(create_error({std::string(kMaxPatternBytes + 1, 'a')}), HasSubstr("(at most 16384)"));
  EXPECT_THAT(create_error({"\xff"}), HasSubstr("UTF-8"));
  EXPECT_THAT(create_error({"(?:a+)+b"}), HasSubstr("too many steps"));
  EXPECT_THAT(create_error({R"((?:\s|\s\s)+x)"}), HasSubstr("too many steps"));
  EXPECT_THAT(create_error({std::string(5000, '(') + std::string(5000, ')')}),
              HasSubstr("pre_tokenizer: "));
  const std::vector<PreTokenizerStage> many(kMaxPipelineStages + 1, SplitStage{"a"});
  EXPECT_THAT(PreTokenizer::create(many).status().message(), HasSubstr("33 stages (at most 32)"));
}

constexpr const char* kPatterns[] = {
    kGpt2Pattern,
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
};

// Runs of a million characters of any class: no error, no stack overflow, nothing lost. Quadratic
// work would make this test run for hours.
TEST(PreTokenizer, TakesLongRunsOfAnyCharacter) {
  for (const char* pattern : kPatterns) {
    const PreTokenizerStage stages[] = {SplitStage{pattern}};
    const auto pre_tokenizer = PreTokenizer::create(stages);
    ASSERT_TRUE(pre_tokenizer.is_ok()) << pre_tokenizer.status().message();
    for (const std::string_view unit : {"a", "A", "1", " ", "\n", "\t", "!", "字", "\u0301",
                                        "👨\u200d", "'s", "aA", "a ", " \n", "\u200b"}) {
      for (const std::string_view tail : {"", "x", "\n", "!"}) {
        std::string text;
        while (text.size() < 1'000'000) text += unit;
        text += tail;
        const auto words = pre_tokenizer->split(text);
        ASSERT_TRUE(words.is_ok()) << unit << ": " << words.status().message();
        size_t total = 0;
        for (const TextRange& range : words->ranges) total += range.size();
        EXPECT_EQ(total, text.size()) << unit;
      }
    }
  }
}

TEST(PreTokenizer, IsThreadSafe) {
  const PreTokenizerStage stages[] = {SplitStage{kPatterns[1]}};
  const auto pre_tokenizer = PreTokenizer::create(stages);
  ASSERT_TRUE(pre_tokenizer.is_ok());
  const std::string text =
      "Hello World's 123456 牛顿第一定律 👨‍👩‍👧‍👦  \n\n x";
  const auto expected = pre_tokenizer->split(text);
  ASSERT_TRUE(expected.is_ok());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int repeat = 0; repeat < 200; ++repeat) {
        const auto words = pre_tokenizer->split(text);
        EXPECT_TRUE(words.is_ok() && words->ranges == expected->ranges);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace youtu
