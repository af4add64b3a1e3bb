// Whatever a template says, it ends soon and in bounded memory, with an error that names the limit.
#include "text/jinja/limits.h"

#include "text/chat_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace youtu {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

// The error, or the text.
std::string outcome(const std::string& source, const std::string& content = "x") {
  const auto parsed = ChatTemplate::parse(source, "t");
  if (!parsed) return parsed.status().message();
  const auto segments = parsed->render(std::vector<ChatMessage>{{"user", content}}, {}, {});
  if (!segments) return segments.status().message();
  std::string text;
  for (const PromptSegment& segment : *segments) text += segment.text;
  return text;
}

std::string repeated(const std::string& text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

TEST(JinjaLimits, BoundTheSource) {
  EXPECT_EQ(outcome(std::string(jinja::kMaxSourceBytes, 'a')).size(), jinja::kMaxSourceBytes);
  EXPECT_EQ(outcome(std::string(jinja::kMaxSourceBytes + 1, 'a')),
            "t:1: template limit: 262145 bytes (at most 262144)");
}

TEST(JinjaLimits, BoundNestingOfSyntax) {
  for (const int depth : {200, 100'000}) {
    for (const auto& [open, inner, close] : {std::array<std::string, 3>{"(", "1", ")"},
                                             {"[", "1", "]"},
                                             {"not ", "1", ""},
                                             {"-", "1", ""},
                                             {"", "1", "+1"},
                                             {"", "x", ".a"},
                                             {"", "x", "|trim"},
                                             {"", "x", "[0]"},
                                             {"", "x", "()"},
                                             {"1 if 1 else ", "1", ""},
                                             {"x[", "1", "]"},
                                             {"{1:", "1", "}"},
                                             {"", "1", " is none"},
                                             {"", "1", " and 1"},
                                             {"", "1", "**1"}}) {
      const int count =
          std::min<int>(depth, 250'000 / static_cast<int>(open.size() + close.size()));
      const std::string source =
          "{{ " + repeated(open, count) + inner + repeated(close, count) + " }}";
      EXPECT_THAT(outcome(source), HasSubstr("nested deeper than 100 levels"))
          << open << inner << close;
    }
  }
  EXPECT_THAT(outcome(repeated("{% if 1 %}", 200)), HasSubstr("nested deeper"));
  EXPECT_THAT(outcome("{% set " + repeated("(", 200) + "a" + repeated(")", 200) + " = 1 %}"),
              HasSubstr("nested deeper"));
  EXPECT_EQ(outcome("{{ " + repeated("(", 30) + "1" + repeated(")", 30) + " }}"), "1");
  EXPECT_EQ(outcome("{{ 'a'" + repeated(" ~ 'a'", 500) + " }}"), repeated("a", 501));
  EXPECT_EQ(outcome("{% if 0 %}" + repeated("{% elif 0 %}", 500) + "{% else %}e{% endif %}"), "e");
}

TEST(JinjaLimits, BoundMacrosThatCallThemselves) {
  EXPECT_THAT(outcome("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"),
              HasSubstr("template limit: nest"));
  EXPECT_THAT(
      outcome(
          "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}"),
      HasSubstr("template limit: nest"));
  EXPECT_THAT(outcome("{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}"),
              HasSubstr("template limit"));
}

TEST(JinjaLimits, BoundSteps) {
  const std::string loop =
      "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}";
  EXPECT_EQ(outcome(loop), "t:1: template limit: steps (at most 1000000)");
  // Work on long text and lists counts too.
  const std::string big = std::string(1 << 20, 'a');
  for (const std::string work :
       {"c | upper", "c.replace('b', '')", "c.find('b')", "'b' in c", "c == c ~ ''",
        "c.rfind('ab')", "c | length", "c | tojson", "c[::-1]", "c.split('a')"}) {
    EXPECT_THAT(outcome("{% set c = messages[0].content %}{% for i in range(100000) %}{% set x = " +
                            work + " %}{% endfor %}",
                        big),
                HasSubstr("template limit"))
        << work;
  }
}

TEST(JinjaLimits, BoundText) {
  EXPECT_THAT(outcome("{% set ns = namespace(s='a') %}{% for i in range(40) %}{% set ns.s = ns.s + "
                      "ns.s %}{% endfor %}"),
              HasSubstr("template limit: bytes of text (at most 4194304)"));
  EXPECT_THAT(outcome("{{ 'a' * 1000000000 }}"), HasSubstr("template limit"));
  EXPECT_THAT(outcome("{{ '' * 9000000000000000000 }}"), "");
  EXPECT_THAT(outcome("{% for i in range(100000) %}{{ "
                      "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }}{% endfor %}"),
              HasSubstr("template limit"));
  EXPECT_THAT(outcome("{{ messages[0].content.replace('a', messages[0].content) }}",
                      std::string(100'000, 'a')),
              HasSubstr("template limit: bytes of text"));
  EXPECT_THAT(outcome("{{ messages[0].content | list | join(messages[0].content) }}",
                      std::string(50'000, 'a')),
              HasSubstr("template limit: bytes of text"));
  // A long conversation may be rendered all the same.
  EXPECT_EQ(outcome("{{ messages[0].content }}", std::string(8 << 20, 'a')).size(), 8u << 20);
}

TEST(JinjaLimits, BoundLists) {
  EXPECT_EQ(outcome("{{ range(100001) | length }}"),
            "t:1: template limit: numbers in a range (at most 100000)");
  EXPECT_EQ(outcome("{{ range(100000) | length }}"), "100000");
  EXPECT_THAT(outcome("{{ [1, 2] * 1000000 }}"), HasSubstr("template limit: items in a list"));
  EXPECT_EQ(outcome("{{ [] * 9000000000000000000 }}"), "[]");
  EXPECT_THAT(outcome("{% set l = range(90000) %}{{ l + l }}"),
              HasSubstr("template limit: items in a list"));
  EXPECT_THAT(outcome("{{ range(-9223372036854775807, 9223372036854775807) }}"),
              HasSubstr("template limit"));
  EXPECT_EQ(
      outcome(
          "{{ range(9223372036854775800, 9223372036854775807, 9223372036854775806) | length }}"),
      "1");
}

TEST(JinjaLimits, BoundDataThatContainsItself) {
  const std::string cycle = "{% set l = [] %}{% set x = l.append(l) %}";
  for (const std::string use : {"l", "l | tojson", "l == [l]", "[l] | sort", "l | string",
                                "[l, l] | sort", "l in [l, [l]]", "[l, [l]] | unique | list"}) {
    EXPECT_THAT(outcome(cycle + "{{ " + use + " }}"),
                AnyOf(HasSubstr("template limit"), HasSubstr("True"), "[[[]]]", HasSubstr("t:1:")))
        << use;
  }
  const std::string wide =
      "{% set ns = namespace(a=[], b=[]) %}{% for i in range(60) %}"
      "{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}{% endfor %}";
  for (const std::string use : {"ns.a", "ns.a | tojson", "ns.a == ns.b", "ns.a < ns.b"}) {
    EXPECT_THAT(outcome(wide + "{{ " + use + " }}"), HasSubstr("template limit")) << use;
  }
}

TEST(JinjaLimits, BoundNumbers) {
  EXPECT_THAT(outcome("{{ 9223372036854775807 + 1 }}"), HasSubstr("out of range"));
  EXPECT_THAT(outcome("{{ -9223372036854775807 - 2 }}"), HasSubstr("out of range"));
  EXPECT_THAT(outcome("{{ 9223372036854775808 }}"), HasSubstr("out of range"));
  EXPECT_THAT(outcome("{{ 3 ** 100 }}"), HasSubstr("out of range"));
  EXPECT_THAT(outcome("{{ (-9223372036854775807 - 1) // -1 }}"), HasSubstr("out of range"));
  EXPECT_EQ(outcome("{{ (-9223372036854775807 - 1) % -1 }}"), "0");
  EXPECT_THAT(outcome("{{ (-9223372036854775807 - 1) | abs }}"), HasSubstr("out of range"));
  EXPECT_EQ(outcome("{{ 1e308 * 10 }} {{ (1e308 * 10) | int }} {{ 'abc'[9223372036854775807:] }}"),
            "inf 0 ");
  EXPECT_EQ(outcome("{{ 'abc'[::-9223372036854775807] }}{{ 'abc'[-9223372036854775807:] }}"),
            "cabc");
  EXPECT_THAT(outcome("{{ 1.5 | round(400) }}"), HasSubstr("precision"));
}

TEST(JinjaLimits, HideEverythingButData) {
  EXPECT_EQ(outcome("{{ x.__class__ if x is defined }}{{ ''.__class__ }}{{ ''['__class__'] }}{{ "
                    "[].__init__ }}{{ {}.__class__ }}"
                    "{{ range.__globals__ }}{{ raise_exception.__code__ }}{{ messages[0].__dict__ "
                    "}}{{ namespace().__class__ }}"),
            "");
  EXPECT_THAT(outcome("{{ ''.__class__.__mro__ }}"), HasSubstr("'__class__' is undefined"));
  EXPECT_THAT(outcome("{{ cycler.__init__.__globals__ }}"), HasSubstr("'__init__' is undefined"));
  EXPECT_EQ(outcome("{{ ''.format is defined }}{{ 'a'.format_map is defined }}"), "FalseFalse");
  EXPECT_THAT(outcome("{{ [''] | map('attr', '__class__') | list }}"), HasSubstr("no such filter"));
  EXPECT_EQ(outcome("a\n{% include 'x' %}"), "t:2: the tag 'include' is not supported");
  EXPECT_EQ(outcome("{% import 'os' as os %}"), "t:1: the tag 'import' is not supported");
  EXPECT_EQ(outcome("\n\n{{ 1 | nope }}"), "t:3: unknown filter 'nope'");
  EXPECT_EQ(outcome("{% nope %}"), "t:1: unknown tag 'nope'");
  EXPECT_EQ(outcome("{{ 1 is nope }}"), "t:1: unknown test 'nope'");
}

}  // namespace
}  // namespace youtu
