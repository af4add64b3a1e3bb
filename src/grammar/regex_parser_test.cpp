// Compared with PCRE2 on random patterns and texts.
#include "grammar/regex_parser.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

#include "tests/support/format_text.h"

namespace youtu {
namespace {

OutputFormat regex(std::string pattern) {
  return {.kind = OutputFormat::Kind::kRegex, .text = std::move(pattern)};
}

class PcrePattern {
 public:
  explicit PcrePattern(const std::string& pattern) {
    int error = 0;
    size_t offset = 0;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                              PCRE2_UTF | PCRE2_DOLLAR_ENDONLY, &error, &offset, nullptr));
    data_.reset(pcre2_match_data_create(4, nullptr));
  }
  bool is_valid() const { return code_ != nullptr; }
  bool matches(const std::string& text) {
    return pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0,
                       PCRE2_ANCHORED | PCRE2_ENDANCHORED, data_.get(), nullptr) >= 0;
  }

 private:
  struct Free {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  };
  std::unique_ptr<pcre2_code, Free> code_;
  std::unique_ptr<pcre2_match_data, Free> data_;
};

class RandomPatterns {
 public:
  explicit RandomPatterns(uint32_t seed) : random_(seed) {}

  std::string pattern(int depth = 3) {
    std::string text = sequence(depth);
    while (random_() % 4 == 0) text += "|" + sequence(depth);
    return text;
  }
  std::string text() {
    const char* letters[] = {"a", "b",  "c", "1", " ", "\n",
                             "é", "水", "-", "_", "]", "\xF0\x9F\x99\x82"};
    std::string out;
    for (uint32_t n = random_() % 9; n > 0; --n) out += letters[random_() % std::size(letters)];
    return out;
  }

 private:
  std::string sequence(int depth) {
    std::string text;
    for (uint32_t n = random_() % 4; n > 0; --n) text += repeated(depth);
    return text;
  }
  std::string repeated(int depth) {
    const char* quantifiers[] = {"*", "+", "?", "{2}", "{1,}", "{0,2}", "{5,7}", "{0,6}", "*?"};
    std::string text = atom(depth);
    if (random_() % 3 == 0) text += quantifiers[random_() % std::size(quantifiers)];
    return text;
  }
  std::string atom(int depth) {
    const char* letters[] = {"a",   "b",     "c",    "1",      ".",      "\\d",     "\\w",
                             "\\s", "\\S",   "[ab]", "[^a]",   "[a-c1]", "[^\\w]",  "[\\d水]",
                             "é",   "\\x62", "\\n",  "[]\\]]", "\\W",    "[\\]_-]", "[é-水]"};
    if (depth == 0 || random_() % 4 != 0) {
      const std::string letter = letters[random_() % std::size(letters)];
      return letter == "[]\\]]" ? "[\\]]" : letter;
    }
    return (random_() % 2 == 0 ? "(" : "(?:") + pattern(depth - 1) + ")";
  }

  std::mt19937 random_;
};

TEST(Regex, MatchesWhatPcreMatches) {
  RandomPatterns random(20261126);
  int num_matches = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::string pattern = random.pattern();
    PcrePattern pcre(pattern);
    ASSERT_TRUE(pcre.is_valid()) << pattern;
    FormatText ours(regex(pattern));
    for (int i = 0; i < 30; ++i) {
      const std::string text = random.text();
      const bool expected = pcre.matches(text);
      num_matches += expected ? 1 : 0;
      ASSERT_EQ(ours.matches(text), expected) << "/" << pattern << "/ on \"" << text << "\"";
    }
  }
  EXPECT_GT(num_matches, 3000);
}

TEST(Regex, AnchorsAtTheEndsSayNothingMore) {
  FormatText text(regex("^ab$|^c$"));
  EXPECT_TRUE(text.matches("ab"));
  EXPECT_TRUE(text.matches("c"));
  EXPECT_FALSE(text.matches("abc"));
}

TEST(Regex, CountsFar) {
  FormatText text(regex("[a-c]{1000,2000}"));
  EXPECT_FALSE(text.matches(std::string(999, 'a')));
  EXPECT_TRUE(text.matches(std::string(1000, 'a')));
  EXPECT_TRUE(text.matches(std::string(2000, 'b')));
  EXPECT_FALSE(text.may_begin(std::string(2001, 'b')));
}

TEST(Regex, SaysWhereItIsRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"ab(?=c)", "offset 3: looking around"},
      {"(a)\\1", "offset 4: back-references"},
      {"a\\b", "offset 2: word borders"},
      {"\\p{L}", "offset 1: \\p classes"},
      {"a(b", "offset 1: this group has no end"},
      {"ab)", "offset 2: a ) without its ("},
      {"[a-", "offset 0: this class has no end"},
      {"[z-a]", "offset 1: this range is the wrong way round"},
      {"[[:alpha:]]", "offset 1: named classes"},
      {"*a", "offset 0: there is nothing to repeat"},
      {"a**", "offset 2: there is nothing to repeat"},
      {"a++", "offset 2: possessive"},
      {"a{3,2}", "offset 1: the counts are the wrong way round"},
      {"a{1,70000}", "offset 1: more than 65535 repetitions"},
      {"a^b", "offset 1: an anchor"},
      {"(^a)", "offset 1: an anchor"},
      {"a\\", "offset 2: the pattern ends in a backslash"},
      {"\\q", "offset 1: this escape"},
      {"\\x{110000}", "offset 0: this escape is no character"},
      {"\xFF", "offset 0: not UTF-8"},
  };
  for (const auto& [pattern, message] : cases) {
    const Status status = check_output_format(regex(pattern));
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << pattern;
    EXPECT_TRUE(status.message().starts_with(message)) << pattern << " -> " << status.message();
    EXPECT_EQ(status.param(), "regex");
  }
}

TEST(Regex, LimitsHold) {
  const std::string deep(kMaxRegexDepth + 1, '(');
  EXPECT_NE(check_output_format(regex(deep)).message().find("nested deeper than 64"),
            std::string::npos);
  EXPECT_NE(check_output_format(regex(std::string(20'000, 'a'))).message().find("16384"),
            std::string::npos);
  // Rounds that may be empty are written out, and these are too many.
  EXPECT_EQ(check_output_format(regex("((a?){60000}){10}")).reason(), "too_large");
  EXPECT_EQ(check_output_format(regex("[^\\s\\S]")).message(), "no finite text has this form");
}

}  // namespace
}  // namespace youtu
