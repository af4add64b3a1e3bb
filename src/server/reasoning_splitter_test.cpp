#include "server/reasoning_splitter.h"

#include <gtest/gtest.h>

namespace youtu {
namespace {

struct Split {
  std::string response;
  std::string reasoning;
  bool has_reasoning = false;
};

// Whatever the size of the pieces, the outcome is the same.
Split split(const std::string& text, bool starts_open = false) {
  Split first;
  for (size_t size = 1; size <= text.size() + 1; ++size) {
    ReasoningSplitter splitter(starts_open);
    Split result;
    const auto add = [&result](const ReasoningSplitter::Parts& parts) {
      result.response += parts.response;
      result.reasoning += parts.reasoning;
    };
    for (size_t at = 0; at < text.size(); at += size) add(splitter.push(text.substr(at, size)));
    add(splitter.finish());
    result.has_reasoning = splitter.has_reasoning();
    if (size == 1) first = result;
    EXPECT_EQ(result.response, first.response) << size;
    EXPECT_EQ(result.reasoning, first.reasoning) << size;
  }
  return first;
}

TEST(ReasoningSplitter, LeavesAnAnswerWithoutThinkingAsItIs) {
  for (const char* text :
       {"", "a", " a <think>b</think>", "<thin", "<", "\n\n", "</think>x", "你好"}) {
    const Split result = split(text);
    EXPECT_EQ(result.response, text);
    EXPECT_EQ(result.reasoning, "");
    EXPECT_FALSE(result.has_reasoning);
  }
}

TEST(ReasoningSplitter, PartsThoughtsFromTheAnswer) {
  const Split result = split("<think>\nLet me <b>see</b>.\n\nYes.\n</think>\n\n 42\n");
  EXPECT_EQ(result.reasoning, "Let me <b>see</b>.\n\nYes.");
  EXPECT_EQ(result.response, " 42\n");
  EXPECT_TRUE(result.has_reasoning);
}

TEST(ReasoningSplitter, ThePromptMayHaveOpenedTheThoughts) {
  const Split result = split("Hm.</think>42 </think>", true);
  EXPECT_EQ(result.reasoning, "Hm.");
  EXPECT_EQ(result.response, "42 </think>");
}

TEST(ReasoningSplitter, ThoughtsThatDoNotEndAreNoAnswer) {
  const Split result = split("<think>on and on </thin");
  EXPECT_EQ(result.reasoning, "on and on </thin");
  EXPECT_EQ(result.response, "");
}

}  // namespace
}  // namespace youtu
