#include "grammar/grammar_text.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/format_text.h"

namespace youtu {
namespace {

OutputFormat grammar(std::string text) {
  return {.kind = OutputFormat::Kind::kGrammar, .text = std::move(text)};
}

TEST(GrammarText, ReadsRulesOverLines) {
  FormatText text(grammar(R"g(
# arithmetic, without left recursion
root ::= term (ws ("+" | "-") ws term)*   # sums
term ::=
  [0-9]+ |
  "(" root ")"
ws ::= " "?
)g"));
  EXPECT_TRUE(text.matches("1"));
  EXPECT_TRUE(text.matches("12 + (3-4)- 5"));
  EXPECT_FALSE(text.matches("12 +"));
  EXPECT_TRUE(text.may_begin("12 +"));
  EXPECT_FALSE(text.may_begin("12  "));
}

TEST(GrammarText, NestsAsDeepAsTheTextDoes) {
  FormatText text(grammar("root ::= \"[\" root? \"]\""));
  EXPECT_TRUE(text.matches(std::string(500, '[') + std::string(500, ']')));
  EXPECT_FALSE(text.may_begin(std::string(500, '[') + std::string(501, ']')));
}

TEST(GrammarText, ReadsEscapesClassesAndCounts) {
  FormatText text(grammar(R"(root ::= "\"\\\n\x41\u6c34\U0001F642" [^a-c\]\-]{2} . x{2,3} x{1,}
x ::= [xX])"));
  EXPECT_TRUE(text.matches("\"\\\nA水🙂de\nxxxX"));
  EXPECT_FALSE(text.may_begin("\"\\\nA水🙂a"));
  EXPECT_FALSE(text.may_begin("\"\\\nA水🙂d]"));
  EXPECT_FALSE(text.matches("\"\\\nA水🙂dezxx"));
}

TEST(GrammarText, EmbedsSchemasAndPatterns) {
  FormatText text(grammar(
      R"(root ::= call+ | %regex "no[!.]{1,2}"
call ::= "<call>" %json {"type": "object", "properties": {"a": {"const": "}\""}},
                         "required": ["a"]} "</call>" "\n"?)"));
  EXPECT_TRUE(text.matches("no!."));
  EXPECT_TRUE(text.matches(R"(<call>{"a": "}\""}</call>)"));
  EXPECT_TRUE(text.matches("<call>{\"a\":\"}\\\"\"}</call>\n<call>{\"a\":\"}\\\"\"}</call>"));
  EXPECT_FALSE(text.may_begin("<call>{}"));
}

TEST(GrammarText, SaysWhereItIsRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "line 1, column 1: there is no rule \"root\""},
      {"rot ::= \"a\"", "line 1, column 1: there is no rule \"root\""},
      {"root ::= a\n\nb ::= \"b\"", "line 1, column 10: the rule \"a\" is not defined"},
      {"root ::= \"a\"\nroot ::= \"b\"", "line 2, column 1: the rule \"root\" is defined twice"},
      {"root \"a\"", "line 1, column 6: ::= was expected"},
      {"root ::= \"a", "line 1, column 10: this literal has no end"},
      {"root ::= [a", "line 1, column 10: this class has no end"},
      {"root ::= [b-a]", "line 1, column 11: this range is the wrong way round"},
      {"root ::= []", "line 1, column 10: this class is empty"},
      {"root ::= (\"a\"", "line 1, column 10: this group has no end"},
      {"root ::= \"a\")", "line 1, column 13: a ) without its ("},
      {"root ::= \"a\"{2", "line 1, column 13: a count is"},
      {"root ::= \"a\"{3,2}", "line 1, column 13: the counts are the wrong way round"},
      {"root ::= \"\\q\"", "line 1, column 11: this escape is not known"},
      {"root ::= \"\\ud800\"", "line 1, column 11: this escape is no character"},
      {"root ::= \"a\"\n  ?? \"b\"", "line 2, column 4: a literal, a class"},
      {"root ::= root \"a\" | \"b\"", "root: it begins with itself"},
      {"root ::= a\na ::= \"x\"? b\nb ::= root", "root: no finite text has this form"},
      {"root ::= \"x\"? a | \"y\"\na ::= \"z\"? root", "root: it begins with itself"},
      {"root ::= \"a\" root", "root: no finite text has this form"},
      {"root ::= %json {\"type\": \"strin\"}", "line 1, column 16: %json: /type: this is no type"},
      {"root ::= %json {\"type\": ", "line 1, column 16: this schema has no end"},
      {"root ::= %regex \"(\"", "line 1, column 17: %regex: offset 0: this group has no end"},
      {"root ::= \"\xFF\"", "byte 10: not UTF-8"},
  };
  for (const auto& [text, message] : cases) {
    const Status status = check_output_format(grammar(text));
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << text;
    EXPECT_TRUE(status.message().starts_with(message)) << text << " -> " << status.message();
    EXPECT_EQ(status.param(), "grammar");
  }
}

// Each rule is written after the one that uses it, and in the other order.
TEST(GrammarText, ReadsLongChainsOfRules) {
  for (const bool is_forward : {true, false}) {
    std::string text = "root ::= r0\n";
    constexpr int kCount = 3000;
    for (int i = 0; i < kCount; ++i) {
      const int rule = is_forward ? i : kCount - 1 - i;
      const std::string next = rule + 1 == kCount ? "\"b\"" : "r" + std::to_string(rule + 1);
      text += "r" + std::to_string(rule) + " ::= " + next + "\n";
    }
    EXPECT_TRUE(FormatText(grammar(text)).matches("b")) << is_forward;
  }
}

TEST(GrammarText, LimitsHold) {
  const std::string deep = "root ::= " + std::string(60'000, '(');
  EXPECT_NE(check_output_format(grammar(deep)).message().find("nested deeper than 64"),
            std::string::npos);
  EXPECT_NE(check_output_format(grammar("root ::= \"a\"{70000}")).message().find("to 65535"),
            std::string::npos);
  EXPECT_EQ(check_output_format(grammar(std::string(70'000, ' '))).reason(), "out_of_range");
}

}  // namespace
}  // namespace youtu
