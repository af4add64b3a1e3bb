// Which of some expressions a text matches, compared with each expression alone; and languages that
// are written back as rules, compared with what was asked for.
#include "grammar/letter_automaton.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>

#include "base/json.h"
#include "tests/support/format_text.h"

namespace youtu {
namespace {

std::optional<LetterAutomaton> automaton_of(const std::vector<std::string>& patterns) {
  Grammar grammar;
  std::vector<ExprId> expressions;
  for (const std::string& pattern : patterns) {
    expressions.push_back(*parse_schema_pattern(pattern, /*is_search=*/true, write_plain_letters,
                                                grammar, SchemaPlace()));
  }
  return LetterAutomaton::build(grammar, expressions);
}

// The texts that `pattern` alone matches somewhere.
FormatText text_of(const std::string& pattern) {
  return FormatText({.kind = OutputFormat::Kind::kJsonSchema,
                     .text = OrderedJson({{"type", "string"}, {"pattern", pattern}}).dump()});
}

size_t num_letters(const std::string& text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char byte) { return (static_cast<uint8_t>(byte) & 0xC0) != 0x80; }));
}

class RandomTexts {
 public:
  explicit RandomTexts(uint32_t seed) : random_(seed) {}
  std::string next() {
    std::string text;
    for (size_t i = random_() % 7; i > 0; --i) text += kLetters[random_() % kLetters.size()];
    return text;
  }

 private:
  static constexpr std::array<const char*, 5> kLetters = {"a", "b", "1", "水", " "};
  std::mt19937 random_;
};

TEST(LetterAutomaton, MatchesWhatEachExpressionMatches) {
  const std::vector<std::string> patterns = {"^a", "b{2,3}$", "^(ab|水)*$", "\\d", "^$", "[^ab]b"};
  const auto automaton = automaton_of(patterns);
  ASSERT_TRUE(automaton.has_value());
  std::vector<FormatText> alone;
  for (const std::string& pattern : patterns) alone.push_back(text_of(pattern));
  RandomTexts texts(1);
  for (int round = 0; round < 3000; ++round) {
    const std::string text = texts.next();
    LetterAutomaton::Matches expected = 0;
    for (size_t i = 0; i < patterns.size(); ++i) {
      if (alone[i].matches("\"" + text + "\"")) expected |= LetterAutomaton::Matches{1} << i;
    }
    ASSERT_EQ(automaton->matches_of(text), expected) << text;
  }
}

TEST(LetterAutomaton, KnowsWhatMayMatchTogether) {
  const auto automaton = automaton_of({"^a", "^ab", "^b"});
  EXPECT_THAT(automaton->all_matches(), testing::ElementsAre(0, 1, 3, 4));
}

TEST(LetterAutomaton, WritesTextsOfALength) {
  const std::pair<uint32_t, uint32_t> lengths[] = {{0, 0}, {0, 2}, {3, 3}, {2, 5}, {4, kUnbounded}};
  for (const std::string pattern : {"^(ab|水)*$", "b", "^a?b{2}", "^$"}) {
    const auto automaton = automaton_of({pattern});
    for (const auto& [min, max] : lengths) {
      SCOPED_TRACE(testing::Message() << pattern << " " << min << " " << max);
      Grammar grammar;
      const auto root = automaton->write(grammar, {.accepts = [](auto all) { return all != 0; },
                                                   .min_length = min,
                                                   .max_length = max,
                                                   .write_letters = write_plain_letters,
                                                   .name = "text"});
      ASSERT_TRUE(root.has_value());
      // Something has to match, or there is no automaton.
      grammar.set_root(grammar.choice({*root, grammar.bytes("!")}));
      auto bytes = Automaton::build(grammar);
      ASSERT_TRUE(bytes.is_ok()) << bytes.status().message();
      FormatText written(std::move(bytes));
      RandomTexts texts(2);
      for (int round = 0; round < 1000; ++round) {
        const std::string text = texts.next();
        const size_t length = num_letters(text);
        const bool is_right = automaton->matches_of(text) != 0 && length >= min && length <= max;
        ASSERT_EQ(written.matches(text), is_right) << text;
      }
    }
  }
}

TEST(LetterAutomaton, HasBounds) {
  EXPECT_FALSE(automaton_of({"a(b{100}){300}"}).has_value());  // too many nodes
  EXPECT_FALSE(automaton_of({"a.{20}$"}).has_value());         // too many states
  const auto automaton = automaton_of({"^(abcdefghij)*$"});
  Grammar grammar;
  LetterAutomaton::Language language = {.accepts = [](auto all) { return all != 0; },
                                        .max_length = 200'000,
                                        .write_letters = write_plain_letters,
                                        .name = "text"};
  EXPECT_FALSE(automaton->write(grammar, language).has_value());
  language.max_length = 2'000;
  EXPECT_TRUE(automaton->write(grammar, language).has_value());
}

}  // namespace
}  // namespace youtu
