#include "text/oniguruma_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/utf8.h"
#include "text/split_pattern.h"

namespace youtu {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// All matches of an Oniguruma pattern in a text.
std::vector<std::string> matches(std::string_view pattern, std::string_view text) {
  const auto translated = translate_oniguruma(pattern);
  EXPECT_TRUE(translated.is_ok()) << translated.status().message();
  if (!translated) return {"not translated"};
  const auto compiled = SplitPattern::compile(*translated);
  EXPECT_TRUE(compiled.is_ok()) << *translated << ": " << compiled.status().message();
  if (!compiled) return {"not compiled"};
  std::vector<std::string> found;
  for (size_t from = 0; from < text.size();) {
    const auto match = compiled->find(text, from);
    EXPECT_TRUE(match.is_ok());
    if (!match || !match->found) break;
    found.emplace_back(text.substr(match->begin, match->end - match->begin));
    from = match->end > match->begin ? match->end
                                     : match->end + decode_utf8(text.substr(match->end)).length;
  }
  return found;
}

std::string refusal(std::string_view pattern) {
  const auto translated = translate_oniguruma(pattern);
  return translated.is_ok() ? "accepted as " + *translated : translated.status().message();
}

TEST(OnigurumaPattern, SpaceIsUnicodeWhiteSpace) {
  const std::string text = " \t\u0085\u00a0\u1680\u180e\u200b\u3000\ufeffx";
  EXPECT_THAT(matches(R"(\s+)", text), ElementsAre(" \t\u0085\u00a0\u1680", "\u3000"));
  EXPECT_THAT(matches(R"(\S+)", text), ElementsAre("\u180e\u200b", "\ufeffx"));
  EXPECT_THAT(matches(R"([\s]+)", text), ElementsAre(" \t\u0085\u00a0\u1680", "\u3000"));
  EXPECT_THAT(matches(R"([\Sq]+)", text), ElementsAre("\u180e\u200b", "\ufeffx"));
  EXPECT_THAT(matches(R"([^\s\p{L}]+)", text), ElementsAre("\u180e\u200b", "\ufeff"));
}

TEST(OnigurumaPattern, WordsHaveMarks) {
  EXPECT_THAT(matches(R"(\w+)", "e\u0301_1\u00b2 \u0928\u092e\u0938\u094d\u0924\u0947"),
              ElementsAre("e\u0301_1", "\u0928\u092e\u0938\u094d\u0924\u0947"));
  EXPECT_THAT(matches(R"(\W+)", "a-b"), ElementsAre("-"));
  EXPECT_THAT(matches(R"(\bb\w*)", "ab bc"), ElementsAre("bc"));
  EXPECT_THAT(matches(R"(\Bb\w*)", "ab bc"), ElementsAre("b"));
}

TEST(OnigurumaPattern, LettersThatMeanSomethingElse) {
  EXPECT_THAT(matches(R"(\h+)", "g09afAF \t"), ElementsAre("09afAF"));
  EXPECT_THAT(matches(R"([\H]+)", "af\u00e9 x"), ElementsAre("\u00e9 x"));
  EXPECT_THAT(matches(R"(\v)", "\n\x0b"), ElementsAre("\x0b"));
  EXPECT_THAT(matches(R"(\u4e2d)", "\u4e2d"), ElementsAre("\u4e2d"));
  EXPECT_THAT(matches(R"([\u4e00-\u9fa5]+)", "a\u4e2d\u6587"), ElementsAre("\u4e2d\u6587"));
  EXPECT_THAT(matches(R"(\x{1F600}\x41)", "\U0001F600A"), ElementsAre("\U0001F600A"));
}

TEST(OnigurumaPattern, ScriptsAreNotScriptExtensions) {
  // U+3001 has Han and kana among its script extensions; its script is Common.
  EXPECT_THAT(matches(R"(\p{Han}+)", "\u4e2d\u3001\u6587\u3007"),
              ElementsAre("\u4e2d", "\u6587\u3007"));
  EXPECT_THAT(matches(R"([\p{Hangul}]+)", "\ud55c\uae00\u1112\u1161\u11ab-"),
              ElementsAre("\ud55c\uae00\u1112\u1161\u11ab"));
  EXPECT_THAT(matches(R"(\P{Han}+)", "\u4e2dab"), ElementsAre("ab"));
  EXPECT_THAT(matches(R"(\p{^Han}+)", "\u4e2dab"), ElementsAre("ab"));
  EXPECT_THAT(matches(R"(\p{Hiragana}+)", "\u3042\u30fc\u30a2"), ElementsAre("\u3042"));
}

TEST(OnigurumaPattern, LongCategoryNames) {
  EXPECT_THAT(matches(R"(\p{Letter}+)", "ab1"), ElementsAre("ab"));
  EXPECT_THAT(matches(R"(\p{Uppercase_Letter}+)", "abC"), ElementsAre("C"));
  EXPECT_THAT(matches(R"(\p{L}\p{Nd}\p{Lu})", "a1B"), ElementsAre("a1B"));
  EXPECT_THAT(refusal(R"(\p{NoSuchThing})"), HasSubstr("unknown property \"NoSuchThing\""));
}

TEST(OnigurumaPattern, ClassesCanBeJoinedAndIntersected) {
  EXPECT_THAT(matches(R"([\p{L}&&[^\p{Han}]]+)", "ab\u4e2dc"), ElementsAre("ab", "c"));
  EXPECT_THAT(matches(R"([^\p{L}&&[^\p{Han}]]+)", "ab\u4e2d1c"), ElementsAre("\u4e2d1"));
  EXPECT_THAT(matches(R"([a[bc]]+)", "xabcx"), ElementsAre("abc"));
  EXPECT_THAT(matches(R"([a-f&&b-z&&[^d]]+)", "abcdef"), ElementsAre("bc", "ef"));
  EXPECT_THAT(matches(R"([\s-x]+)", "a -x"), ElementsAre(" -x"));
  EXPECT_THAT(matches(R"([!-/:-~]+)", "a!/x"), ElementsAre("a!/x"));
  EXPECT_THAT(matches(R"([a\-z\]\[]+)", "b-][z"), ElementsAre("-][z"));
  EXPECT_THAT(matches(R"([]a]+)", "]a"), ElementsAre("]a"));
}

TEST(OnigurumaPattern, Repetitions) {
  EXPECT_THAT(matches(R"(\p{N}{1,3})", "1234567"), ElementsAre("123", "456", "7"));
  // In Ruby's syntax the plus repeats the repetition.
  EXPECT_THAT(matches(R"(\p{N}{1,3}+)", "1234567"), ElementsAre("1234567"));
  EXPECT_THAT(matches(R"((?:ab){,2}c)", "ababc"), ElementsAre("ababc"));
  EXPECT_THAT(matches(R"(a++b)", "aab"), ElementsAre("aab"));
  EXPECT_THAT(matches(R"(a{x})", "a{x}"), ElementsAre("a{x}"));
}

TEST(OnigurumaPattern, LinesAndOptions) {
  EXPECT_THAT(matches(R"(^b$)", "a\nb\nc"), ElementsAre("b"));
  EXPECT_THAT(matches(R"(a.b)", "a\nb"), IsEmpty());
  EXPECT_THAT(matches(R"((?m:a.b))", "a\nb"), ElementsAre("a\nb"));
  EXPECT_THAT(matches(R"((?i:'ll|'d))", "'LL'D"), ElementsAre("'LL", "'D"));
  EXPECT_THAT(matches(R"((?i)ab|c)", "ABC"), ElementsAre("AB", "C"));
}

TEST(OnigurumaPattern, RefusesWhatHasNoEqual) {
  for (const char* pattern :
       {R"(\K)",      R"((a)\1)",       R"(\g<x>)",   R"((?<n>a))",    R"((?~ab))",
        R"((?(1)a))", R"([[:alpha:]])", R"(\pL)",     R"(\x{110000})", R"(\ud800)",
        R"(\xff)",    R"((?x:a))",      R"(ab(?i)c)", R"([a)",         R"((a)",
        R"(a))",      R"(\)",           R"(a{2}?)",   R"([\s)",        R"(\p{L)"}) {
    EXPECT_THAT(refusal(pattern), HasSubstr("not supported")) << pattern;
  }
  EXPECT_THAT(refusal(std::string(20, '[')), HasSubstr("nested deeper"));
}

}  // namespace
}  // namespace youtu
