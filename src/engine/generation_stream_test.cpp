#include "engine/generation_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace youtu {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<TokenId> kOne = {1};
const std::vector<TokenId> kTwo = {2};

TEST(GenerationStream, SaysThatItsReaderIsBehindUntilHalfIsRead) {
  BoundedGenerationStream stream(7, 20, /*max_unread_events=*/4);
  for (int i = 0; i < 4; ++i) stream.push("a", kOne);
  EXPECT_FALSE(stream.is_reader_behind());
  stream.push("a", kOne);
  EXPECT_TRUE(stream.is_reader_behind());
  (void)stream.try_next();
  (void)stream.try_next();
  EXPECT_TRUE(stream.is_reader_behind());
  (void)stream.try_next();
  EXPECT_FALSE(stream.is_reader_behind());
  stream.push("a", kOne);
  EXPECT_FALSE(stream.is_reader_behind());
}

TEST(GenerationStream, DeliversEventsInOrderAndOnce) {
  BoundedGenerationStream stream(7, 3);
  EXPECT_EQ(stream.id(), 7u);
  EXPECT_FALSE(stream.try_next().has_value());
  stream.push("a", kOne);
  stream.push("", kTwo);
  const auto first = stream.try_next();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->text, "a");
  EXPECT_THAT(first->tokens, ElementsAre(1));
  EXPECT_EQ(first->finish_reason, FinishReason::kNone);
  stream.finish(
      "bc", {},
      {.reason = FinishReason::kLength, .usage = {.prompt_tokens = 4, .completion_tokens = 2}});
  const auto second = stream.try_next();
  EXPECT_EQ(second->text, "");
  EXPECT_THAT(second->tokens, ElementsAre(2));
  EXPECT_EQ(second->finish_reason, FinishReason::kNone);
  const auto last = stream.try_next();
  EXPECT_EQ(last->text, "bc");
  EXPECT_THAT(last->tokens, IsEmpty());
  EXPECT_EQ(last->finish_reason, FinishReason::kLength);
  EXPECT_EQ(last->usage.prompt_tokens, 4);
  EXPECT_EQ(last->usage.completion_tokens, 2);
  EXPECT_FALSE(stream.try_next().has_value());
  // After the last event a reader is not made to wait: this would take an hour.
  EXPECT_FALSE(stream.wait_next(milliseconds(3600000)).has_value());
}

TEST(GenerationStream, GivesEachTokenItsExplanation) {
  BoundedGenerationStream stream(1, 4);
  const auto push = [&](std::vector<TokenId> tokens) {
    std::vector<TokenExplanation> explanations;
    for (const TokenId token : tokens) explanations.push_back({.drawn = token});
    stream.push("", tokens, {.explanations = explanations});
  };
  push({1, 2});
  push({3});
  EXPECT_EQ(stream.try_next()->explanations.size(), 2u);
  push({4});
  EXPECT_EQ(stream.try_next()->explanations.at(0).drawn, 3);
  EXPECT_EQ(stream.try_next()->explanations.at(0).drawn, 4);
}

TEST(GenerationStream, WaitReturnsWhenAnEventComes) {
  BoundedGenerationStream stream(1, 100);
  std::thread writer([&] {
    for (int i = 0; i < 100; ++i) stream.push("x", kOne);
    stream.finish("", {}, {.reason = FinishReason::kEndOfSequence});
  });
  std::string text;
  for (;;) {
    const auto event = stream.wait_next(milliseconds(60000));
    ASSERT_TRUE(event.has_value());
    text += event->text;
    if (event->finish_reason != FinishReason::kNone) break;
  }
  writer.join();
  EXPECT_EQ(text, std::string(100, 'x'));
}

TEST(GenerationStream, WaitGivesUp) {
  BoundedGenerationStream stream(1, 1);
  EXPECT_FALSE(stream.wait_next(milliseconds(1)).has_value());
  EXPECT_FALSE(stream.wait_next(milliseconds(0)).has_value());
}

TEST(GenerationStream, CarriesTheErrorInItsLastEvent) {
  BoundedGenerationStream stream(1, 1);
  stream.finish("", {}, {.reason = FinishReason::kError, .status = Status::internal("broken")});
  const auto event = stream.try_next();
  EXPECT_EQ(event->finish_reason, FinishReason::kError);
  EXPECT_EQ(event->status.message(), "broken");
}

TEST(GenerationStream, CancelIsSeenAndMayComeTwiceOrLate) {
  auto stream = std::make_shared<BoundedGenerationStream>(1, 1);
  EXPECT_FALSE(stream->is_cancelled());
  { const GenerationHandle handle(stream); }
  EXPECT_TRUE(stream->is_cancelled());
  stream->finish("", {}, {.reason = FinishReason::kCancelled});
  stream->cancel();
  EXPECT_EQ(stream->try_next()->finish_reason, FinishReason::kCancelled);
}

TEST(GenerationStreamDeathTest, HoldsTheWriterToItsBounds) {
  BoundedGenerationStream stream(1, 1);
  stream.push("", kOne);
  EXPECT_DEATH(stream.push("", kOne), "max_tokens_");
  EXPECT_DEATH(stream.finish("", {}, {.reason = FinishReason::kNone}), "reason");
  EXPECT_DEATH(stream.finish("", {}, {.reason = FinishReason::kError}), "status");
  stream.finish("", {}, {.reason = FinishReason::kLength});
  EXPECT_DEATH(stream.push("", {}), "reason");
}

}  // namespace
}  // namespace youtu
