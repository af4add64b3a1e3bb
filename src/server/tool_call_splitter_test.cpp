#include "server/tool_call_splitter.h"

#include <gtest/gtest.h>

#include <map>

namespace youtu {
namespace {

struct Whole {
  std::string text;
  std::map<size_t, std::pair<std::string, std::string>> calls;  // name and arguments
  bool operator==(const Whole&) const = default;
};

void add(Whole& whole, const ToolCallSplitter::Parts& parts) {
  whole.text += parts.text;
  for (const ToolCallPart& part : parts.calls) {
    auto& [name, arguments] = whole.calls[part.call];
    EXPECT_TRUE(name.empty() || part.name.empty()) << "a call was named twice";
    name += part.name;
    arguments += part.arguments;
  }
}

Whole split(const std::vector<std::string>& pieces) {
  ToolCallSplitter splitter;
  Whole whole;
  for (const std::string& piece : pieces) add(whole, splitter.push(piece));
  add(whole, splitter.finish());
  EXPECT_EQ(whole.calls.size(), splitter.num_calls());
  return whole;
}

// Cut in two at every byte, and byte by byte: always the same.
Whole split_everywhere(const std::string& text) {
  const Whole whole = split({text});
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(split({text.substr(0, cut), text.substr(cut)}), whole) << text << " at " << cut;
  }
  std::vector<std::string> bytes;
  for (const char byte : text) bytes.emplace_back(1, byte);
  EXPECT_EQ(split(bytes), whole) << text;
  return whole;
}

TEST(ToolCallSplitter, TextWithoutCallsPassesUnchanged) {
  for (const std::string text :
       {"", "hello", " a <tool b", "x <tool_cal", "<tool_calls>\n", "a\n\n"}) {
    EXPECT_EQ(split_everywhere(text), (Whole{text, {}})) << text;
  }
}

TEST(ToolCallSplitter, TakesACallOutOfTheText) {
  const Whole whole = split_everywhere(
      "Let me see.\n<tool_call>{\"name\": \"weather\", \"arguments\": {\"city\": "
      "\"北京\"}}</tool_call>\n");
  EXPECT_EQ(whole.text, "Let me see.");
  ASSERT_EQ(whole.calls.size(), 1u);
  EXPECT_EQ(whole.calls.at(0).first, "weather");
  EXPECT_EQ(whole.calls.at(0).second, "{\"city\": \"北京\"}");
}

TEST(ToolCallSplitter, TakesSeveralCalls) {
  const Whole whole = split_everywhere(
      "<tool_call>\n{\"name\":\"a\",\"arguments\":{}}\n</tool_call>\n<tool_call>{\"name\":\"b\","
      "\"arguments\":{\"x\":[1,{\"y\":2}]}}</tool_call>");
  EXPECT_EQ(whole.text, "");
  ASSERT_EQ(whole.calls.size(), 2u);
  EXPECT_EQ(whole.calls.at(1),
            std::make_pair(std::string("b"), std::string("{\"x\":[1,{\"y\":2}]}")));
}

TEST(ToolCallSplitter, BracesQuotesAndTagsInStringsAreText) {
  const std::string arguments = R"({"a": "}</tool_call>{\"\\", "b": "[\\\\"})";
  const Whole whole = split_everywhere("<tool_call>{\"name\": \"f\", \"arguments\": " + arguments +
                                       "}</tool_call>x");
  EXPECT_EQ(whole.calls.at(0).second, arguments);
  EXPECT_EQ(whole.text, "x");
}

TEST(ToolCallSplitter, ArgumentsComeAsTheyGrow) {
  ToolCallSplitter splitter;
  auto parts = splitter.push("<tool_call>{\"name\": \"f\", \"arguments\": {\"a");
  ASSERT_EQ(parts.calls.size(), 2u);
  EXPECT_EQ(parts.calls[0].name, "f");
  EXPECT_EQ(parts.calls[1].arguments, "{\"a");
  parts = splitter.push("\": 1");
  ASSERT_EQ(parts.calls.size(), 1u);
  EXPECT_EQ(parts.calls[0].arguments, "\": 1");
}

TEST(ToolCallSplitter, UnderstandsOtherOrdersAndArgumentsAsText) {
  EXPECT_EQ(split_everywhere("<tool_call>{\"arguments\": {\"a\": 1}, \"name\": \"f\"}</tool_call>")
                .calls.at(0),
            std::make_pair(std::string("f"), std::string("{\"a\":1}")));
  EXPECT_EQ(split_everywhere(
                "<tool_call>{\"name\": \"f\", \"arguments\": \"{\\\"a\\\": 1}\"}</tool_call>")
                .calls.at(0),
            std::make_pair(std::string("f"), std::string("{\"a\": 1}")));
  EXPECT_EQ(split_everywhere("<tool_call>{\"name\": \"f\"}</tool_call>").calls.at(0),
            std::make_pair(std::string("f"), std::string("{}")));
}

TEST(ToolCallSplitter, WhatIsNoCallIsText) {
  for (const std::string text :
       {"<tool_call>hello</tool_call> more", "<tool_call>{\"nam",
        "<tool_call>{\"name\": 3}</tool_call>", "a <tool_call>", "<tool_call>[1,2]</tool_call>"}) {
    const Whole whole = split_everywhere(text);
    EXPECT_TRUE(whole.calls.empty()) << text;
    EXPECT_EQ(whole.text, text);
  }
}

TEST(ToolCallSplitter, ACutCallKeepsWhatThereIs) {
  const Whole whole = split_everywhere("<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": \"b");
  EXPECT_EQ(whole.calls.at(0), std::make_pair(std::string("f"), std::string("{\"a\": \"b")));
  EXPECT_EQ(whole.text, "");
}

}  // namespace
}  // namespace youtu
