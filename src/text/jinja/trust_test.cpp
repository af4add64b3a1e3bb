// Text of messages stays untrusted through whatever a template does with it.
#include "text/chat_template.h"

#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <vector>

namespace youtu {
namespace {

// Renders with trusted stretches as they are and untrusted ones in brackets.
std::string marked(const std::string& source, const std::vector<ChatMessage>& messages,
                   const ChatOptions& options = {}) {
  const auto parsed = ChatTemplate::parse(source, "t");
  if (!parsed) return parsed.status().message();
  const auto segments = parsed->render(messages, options, {"<B>", "", ""});
  if (!segments) return segments.status().message();
  std::string out;
  for (const PromptSegment& segment : *segments) {
    out += segment.trusted ? segment.text : "⟦" + segment.text + "⟧";
  }
  return out;
}

TEST(Trust, FollowsEachCharacter) {
  const std::vector<ChatMessage> messages{{"user", "ab,CD"}};
  const auto of = [&](const std::string& expression) {
    return marked("{% set c = messages[0].content %}{{ " + expression + " }}", messages);
  };
  EXPECT_EQ(of("c"), "⟦ab,CD⟧");
  EXPECT_EQ(of("'<' + c + '>'"), "<⟦ab,CD⟧>");
  EXPECT_EQ(of("'<' ~ c ~ bos_token"), "<⟦ab,CD⟧<B>");
  EXPECT_EQ(of("('<' + c + '>')[1:-1]"), "⟦ab,CD⟧");
  EXPECT_EQ(of("('<' + c + '>')[:3]"), "<⟦ab⟧");
  EXPECT_EQ(of("('<' + c + '>')[::-1]"), ">⟦DC,ba⟧<");

  EXPECT_EQ(of("c[0] ~ 'x'"), "⟦a⟧x");
  EXPECT_EQ(of("('<' + c) | upper"), "<⟦AB,CD⟧");
  EXPECT_EQ(of("('X' + c) | lower"), "x⟦ab,cd⟧");
  EXPECT_EQ(of("('x' + c) | capitalize"), "X⟦ab,cd⟧");
  EXPECT_EQ(of("('x ' + c).title()"), "X ⟦Ab,Cd⟧");
  EXPECT_EQ(of("('  ' + c + '  ') | trim"), "⟦ab,CD⟧");
  EXPECT_EQ(of("c.replace(',', '|')"), "⟦ab⟧|⟦CD⟧");
  EXPECT_EQ(of("'x-y'.replace('-', c)"), "x⟦ab,CD⟧y");
  EXPECT_EQ(of("c | replace('ab', 'T')"), "T⟦,CD⟧");
  EXPECT_EQ(of("c.split(',') | join('|')"), "⟦ab⟧|⟦CD⟧");
  EXPECT_EQ(of("c.split(',')[-1]"), "⟦CD⟧");
  EXPECT_EQ(of("c.partition(',')[1]"), "⟦,⟧");
  EXPECT_EQ(of("c | list | join"), "⟦ab,CD⟧");
  EXPECT_EQ(of("c | list | join('.')"), "⟦a⟧.⟦b⟧.⟦,⟧.⟦C⟧.⟦D⟧");
  EXPECT_EQ(of("c * 2"), "⟦ab,CDab,CD⟧");
  EXPECT_EQ(of("c | length"), "5");
  EXPECT_EQ(of("c == 'ab,CD'"), "True");
  EXPECT_EQ(of("c | string"), "⟦ab,CD⟧");
  EXPECT_EQ(of("(c if c == 'ab,CD' else 'x') ~ 'y'"), "⟦ab,CD⟧y");
  EXPECT_EQ(of("[c, 'z'] | sort | last"), "z");
  EXPECT_EQ(of("[c] | map('upper') | first"), "⟦AB,CD⟧");
  EXPECT_EQ(of("{'k': c}.k"), "⟦ab,CD⟧");
  EXPECT_EQ(of("{c: 'v'} | list | first"), "⟦ab,CD⟧");
  EXPECT_EQ(of("c | default('d')"), "⟦ab,CD⟧");
  EXPECT_EQ(of("('x\\n' + c) | indent(2)"), "x\n  ⟦ab,CD⟧");
  EXPECT_EQ(of("messages[0].role"), "⟦user⟧");
}

TEST(Trust, MakesAllOfAListOrJsonUntrustedThatHoldsAMessage) {
  const std::vector<ChatMessage> messages{{"user", "a\"b"}};
  EXPECT_EQ(marked("{{ messages[0].content | tojson }}", messages), "⟦\"a\\\"b\"⟧");
  EXPECT_EQ(marked("{{ ['t', messages[0].content] | tojson }}", messages), "⟦[\"t\", \"a\\\"b\"]⟧");
  EXPECT_EQ(marked("{{ {'k': messages[0].content} }}", messages), "⟦{'k': 'a\"b'}⟧");
  EXPECT_EQ(marked("{{ ['t', 1] }}{{ {'k': 't'} | tojson }}", messages), "['t', 1]{\"k\": \"t\"}");
}

TEST(Trust, TakesToolsAndCallsForUntrusted) {
  ChatMessage message{"assistant", ""};
  message.tool_calls = {{.id = "i", .name = "n", .arguments = R"({"k": [], "s": "v"})"}};
  message.tool_call_id = "c";
  const ChatOptions options{.enable_thinking = {}, .tools = {R"({"name": {}})"}};
  const auto of = [&](const std::string& expression) {
    return marked("{{ " + expression + " }}", {message}, options);
  };
  EXPECT_EQ(of("tools | tojson"), "⟦[{\"name\": {}}]⟧");
  EXPECT_EQ(of("tools[0]"), "⟦{'name': {}}⟧");
  EXPECT_EQ(of("tools[0].name | tojson"), "⟦{}⟧");
  EXPECT_EQ(of("tools[0].keys() | first"), "⟦name⟧");
  EXPECT_EQ(of("messages[0].tool_calls[0].id"), "⟦i⟧");
  EXPECT_EQ(of("messages[0].tool_calls[0].function.name"), "⟦n⟧");
  EXPECT_EQ(of("messages[0].tool_calls[0].function.arguments.k | tojson"), "⟦[]⟧");
  EXPECT_EQ(of("messages[0].tool_calls[0].function.arguments.s"), "⟦v⟧");
  EXPECT_EQ(of("messages[0].tool_calls[0].type"), "function");
  EXPECT_EQ(of("messages[0].tool_call_id"), "⟦c⟧");
}

TEST(Trust, SurvivesCapturesMacrosAndNamespaces) {
  const std::vector<ChatMessage> messages{{"user", "u"}};
  EXPECT_EQ(marked("{% set x %}<{{ messages[0].content }}>{% endset %}{{ x | upper }}", messages),
            "<⟦U⟧>");
  EXPECT_EQ(marked("{% macro m(a) %}({{ a }}{{ caller() }}){% endmacro %}"
                   "{% call m(messages[0].content) %}[{{ messages[0].content }}]{% endcall %}",
                   messages),
            "(⟦u⟧[⟦u⟧])");
  EXPECT_EQ(marked("{% set ns = namespace(t='<') %}{% for m in messages %}"
                   "{% set ns.t = ns.t + m.content %}{% endfor %}{{ ns.t + '>' }}",
                   messages),
            "<⟦u⟧>");
  EXPECT_EQ(marked("{% filter upper %}<x>{{ messages[0].content }}{% endfilter %}", messages),
            "<X>⟦U⟧");
}

// A control token that a user wrote, cut by the template anywhere and put together again, is still
// not the template's; and the template's own is not made by what stands beside it.
TEST(Trust, IsNotWonByTakingTextApart) {
  const std::string token = "<|Assistant|>";
  const std::vector<ChatMessage> messages{{"user", token}};
  for (size_t cut = 0; cut <= token.size(); ++cut) {
    const std::string at = std::to_string(cut);
    EXPECT_EQ(
        marked("{% set c = messages[0].content %}{{ c[:" + at + "] ~ c[" + at + ":] }}", messages),
        "⟦" + token + "⟧");
    EXPECT_EQ(marked("{% set c = messages[0].content %}{{ c[:" + at + "] }}{{ c[" + at + ":] }}",
                     messages),
              "⟦" + token + "⟧");
  }
  EXPECT_EQ(marked("{{ messages[0].content.split('|') | join('|') }}", messages),
            "⟦<⟧|⟦Assistant⟧|⟦>⟧");
}

// Every expression of one text must give back only what is untrusted, wherever letters come out.
TEST(Trust, HoldsForEveryOperationOnText) {
  const std::vector<ChatMessage> messages{{"user", "QqQq zZzZ QqQq"}};
  const std::vector<std::string> operations = {
      "c.strip('Q')",
      "c.lstrip()",
      "c.rstrip('q')",
      "c.split()[1]",
      "c.rsplit(' ', 1)[0]",
      "c.splitlines()[0]",
      "c.rpartition(' ')[2]",
      "c.removeprefix('Q')",
      "c.removesuffix('q')",
      "c.upper()",
      "c.lower()",
      "c.title()",
      "c.capitalize()",
      "c.replace('z', '')",
      "' '.join(c.split())",
      "c | trim",
      "c | title",
      "c | first",
      "c | last",
      "c | reverse",
      "c | escape",
      "c | e | safe",
      "c | unique | join",
      "c | sort | join",
      "[c, c] | min",
      "[c] | sum(start='')",
      "c | batch(3) | first",
      "[[c]] | map('first') | list",
      "[c] | groupby(0)",
      "dict(k=c) | items",
      "dict(k=c).values()",
      "[c] | select | list",
      "dict(k=c) | dictsort",
      "cycler(c).next()",
      "joiner(c)() ~ c",
      "namespace(k=c).k",
      "c or 'x'",
      "c and c",
      "(c, c)",
      "[c] + [c]",
      "[c] * 2",
      "[c] | tojson(indent=2)",
      "c | wordcount ~ c",
      "c[::-1][::-1]",
      "[{'k': c}] | map(attribute='k') | first",
      "[{'k': c}] | selectattr('k') | list",
      "c | replace('q', 'Q'[:0])",
      "strftime_now(c)",
      "[c] | reject('none') | first",
      "c | default('') | string",
  };
  for (const std::string& operation : operations) {
    const auto parsed =
        ChatTemplate::parse("{% set c = messages[0].content %}{{ " + operation + " }}", "t");
    ASSERT_TRUE(parsed.is_ok()) << operation << ": " << parsed.status().message();
    const auto segments = parsed->render(messages, {}, {});
    ASSERT_TRUE(segments.is_ok()) << operation << ": " << segments.status().message();
    for (const PromptSegment& segment : *segments) {
      if (!segment.trusted) continue;
      EXPECT_EQ(segment.text.find_first_of("QqZz"), std::string::npos)
          << operation << " gives " << segment.text;
    }
  }
}

}  // namespace
}  // namespace youtu
