#include "engine/completion_outline.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/piece_tokenizer.h"

namespace youtu {
namespace {

using Part = OutlineCursor::Part;

constexpr TokenId kOpen = 256;
constexpr TokenId kClose = 257;
constexpr TokenId kWordAndHalfATag = 258;
constexpr TokenId kRestOfTheTag = 259;
constexpr TokenId kCallEnd = 260;

const PieceTokenizer& tokenizer() {
  static const PieceTokenizer one({"<think>", "</think>", "hm</", "think>", "</tool_call>"});
  return one;
}

GenerationRequest thinking_request(int64_t budget = -1, bool is_open = false,
                                   std::string last_words = {}) {
  GenerationRequest request;
  request.thought = ThoughtRules{.is_open = is_open, .last_words = std::move(last_words)};
  request.sampling.thinking_token_budget = budget;
  return request;
}

OutlineCursor follow(const CompletionOutline& outline, const std::vector<TokenId>& tokens) {
  OutlineCursor cursor = outline.start();
  for (const TokenId token : tokens) outline.follow(cursor, token);
  return cursor;
}

OutlineCursor follow(const GenerationRequest& request, const std::vector<TokenId>& tokens) {
  const auto outline = CompletionOutline::create(tokenizer(), request);
  EXPECT_TRUE(outline.is_ok());
  return follow(*outline, tokens);
}

TEST(CompletionOutline, CountsTheTokensBetweenTheTags) {
  const auto count = [](const std::vector<TokenId>& tokens, bool is_open = false) {
    return follow(thinking_request(-1, is_open), tokens).reasoning_tokens();
  };
  EXPECT_EQ(count({kOpen, '\n', 'a', 'b', kClose, 'c'}), 3);
  EXPECT_EQ(count({' ', '\n', kOpen, 'a'}), 1);
  EXPECT_EQ(count({'<', 't', 'h', 'i', 'n', 'k', '>', 'a', '<', '/', 't', 'h', 'i', 'n', 'k', '>'}),
            1);
  EXPECT_EQ(count({'a', 'b', kClose, 'c'}, /*is_open=*/true), 2);
  EXPECT_EQ(count({kClose, 'c'}, /*is_open=*/true), 0);
  // A token of which a part is the thought's counts; the rest of the tag does not.
  EXPECT_EQ(count({kOpen, 'a', kWordAndHalfATag, kRestOfTheTag, 'c'}), 2);
  // What only looked like a tag was thought.
  EXPECT_EQ(count({kOpen, '<', '/', 't', 'x', kClose}), 4);
  EXPECT_EQ(count({kOpen, '<', kClose}), 1);
  EXPECT_EQ(count({kOpen, 'a', '<', '/'}), 3);  // the end came first
}

TEST(CompletionOutline, WhatBeginsWithoutATagIsAnAnswer) {
  const GenerationRequest request = thinking_request(0);
  for (const std::vector<TokenId>& tokens :
       {std::vector<TokenId>{'a', kOpen, 'b'}, {'<', 't', 'x', kOpen}, {kClose, 'a'}}) {
    const OutlineCursor cursor = follow(request, tokens);
    EXPECT_EQ(cursor.part, Part::kAnswer);
    EXPECT_EQ(cursor.reasoning_tokens(), 0);
  }
}

TEST(CompletionOutline, SaysTheClosingWhenTheBudgetIsUsedUp) {
  for (const int64_t budget : {0, 1, 3}) {
    const auto outline =
        CompletionOutline::create(tokenizer(), thinking_request(budget, true, "so"));
    ASSERT_TRUE(outline.is_ok());
    OutlineCursor cursor = outline->start();
    for (int64_t i = 0; i < budget; ++i) {
      EXPECT_FALSE(outline->forced_token(cursor).has_value());
      outline->follow(cursor, 'a');
    }
    std::string closing;
    while (const auto token = outline->forced_token(cursor)) {
      closing += static_cast<char>(*token);
      outline->follow(cursor, *token);
    }
    EXPECT_EQ(closing, "so</think>");
    EXPECT_EQ(cursor.part, Part::kAnswer);
    EXPECT_EQ(cursor.reasoning_tokens(), budget + 2);
  }
}

TEST(CompletionOutline, AThoughtThatEndsInTimeIsLeftAlone) {
  const auto outline = CompletionOutline::create(tokenizer(), thinking_request(3, true));
  OutlineCursor cursor = outline->start();
  for (const TokenId token : {TokenId{'a'}, TokenId{'b'}, kClose, TokenId{'c'}, TokenId{'d'}}) {
    EXPECT_FALSE(outline->forced_token(cursor).has_value());
    outline->follow(cursor, token);
  }
  EXPECT_EQ(cursor.reasoning_tokens(), 2);
}

TEST(CompletionOutline, AnAnswerEndsBehindItsMarkAndAThoughtDoesNot) {
  GenerationRequest request = thinking_request();
  request.ends_behind = "</tool_call>";
  EXPECT_EQ(follow(request, {kOpen, kCallEnd, 'a'}).part, Part::kThought);
  EXPECT_EQ(follow(request, {kOpen, kCallEnd, kClose, 'a'}).part, Part::kAnswer);
  EXPECT_EQ(follow(request, {kOpen, kClose, 'a', kCallEnd}).part, Part::kEnd);
  EXPECT_EQ(follow(request, {'a', '<', kCallEnd}).part, Part::kEnd);
  request.thought.reset();
  EXPECT_EQ(follow(request, {kOpen, kCallEnd}).part, Part::kEnd);
  request.ends_behind = "aab";  // what has been read of it may itself begin it
  EXPECT_EQ(follow(request, {'a', 'a', 'a', 'b'}).part, Part::kEnd);
}

TEST(CompletionOutline, RefusesTextsOutOfTheirLimits) {
  GenerationRequest request = thinking_request(5);
  const auto reason = [&request] {
    return CompletionOutline::create(tokenizer(), request).status().reason();
  };
  EXPECT_EQ(reason(), "");
  request.thought->last_words = std::string(kMaxLastWordsBytes + 1, 'x');
  EXPECT_EQ(reason(), "out_of_range");
  request = thinking_request();
  request.thought->end.clear();
  EXPECT_EQ(reason(), "out_of_range");
  request = thinking_request();
  request.ends_behind = std::string(kMaxThoughtTagBytes + 1, 'x');
  EXPECT_EQ(reason(), "out_of_range");
}

}  // namespace
}  // namespace youtu
