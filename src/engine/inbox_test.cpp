#include "engine/inbox.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/toy_tokenizer.h"

namespace youtu {
namespace {

const ToyTokenizer kTokenizer;

std::unique_ptr<Sequence> make_sequence(RequestId id, size_t num_prompt_tokens = 1) {
  GenerationRequest request;
  request.prompt_tokens.assign(num_prompt_tokens, 1);
  auto text = CompletionText::create(kTokenizer, true, {});
  return std::make_unique<Sequence>(request, 1, kTokenizer.eos_tokens(), *std::move(text),
                                    std::make_shared<BoundedGenerationStream>(id, 128));
}

TEST(Inbox, HandsOverInTheOrderOfArrival) {
  Inbox inbox({.max_queued = 9});
  for (RequestId id = 1; id <= 3; ++id) ASSERT_TRUE(inbox.push(make_sequence(id)).is_ok());
  std::vector<std::unique_ptr<Sequence>> taken;
  inbox.wait();
  inbox.take(taken);
  ASSERT_EQ(taken.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(taken[i]->id(), i + 1);
  inbox.take(taken);
  EXPECT_EQ(taken.size(), 3u);
}

TEST(Inbox, RefusesWhatExceedsItsPlacesUntilOneIsGivenBack) {
  Inbox inbox({.max_queued = 1});
  ASSERT_TRUE(inbox.push(make_sequence(1)).is_ok());
  ASSERT_TRUE(inbox.push(make_sequence(2)).is_ok());
  std::vector<std::unique_ptr<Sequence>> taken;
  inbox.take(taken);  // taking gives no place back: the requests are still in the engine
  const Status refused = inbox.push(make_sequence(3));
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(refused.reason(), "queue_full");
  EXPECT_EQ(refused.message(), "the engine has 2 requests running and waiting (at most 2)");
  inbox.give_back_places(1);
  EXPECT_TRUE(inbox.push(make_sequence(4)).is_ok());
}

TEST(Inbox, RefusesPromptsThatExceedTheQueueTogether) {
  Inbox inbox({.max_running = 2, .max_queued = 10, .max_queued_tokens = 100});
  // What runs need not wait, however long it is.
  ASSERT_TRUE(inbox.push(make_sequence(1, 500)).is_ok());
  ASSERT_TRUE(inbox.push(make_sequence(2, 500)).is_ok());
  EXPECT_EQ(inbox.num_queued_tokens(), 1000);
  inbox.take_from_queue(1000);  // they have begun
  // A prompt that waits alone is not refused for its length either.
  ASSERT_TRUE(inbox.push(make_sequence(3, 300)).is_ok());
  EXPECT_FALSE(inbox.check_room().is_ok());
  inbox.take_from_queue(300);
  ASSERT_TRUE(inbox.push(make_sequence(4, 60)).is_ok());
  const Status refused = inbox.push(make_sequence(5, 41));
  EXPECT_EQ(refused.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(refused.reason(), "queue_full");
  EXPECT_EQ(refused.message(),
            "prompts of 60 tokens wait in the engine; with this one's 41 they would be more than "
            "may (at most 100)");
  EXPECT_EQ(inbox.num_queued_tokens(), 60);
  EXPECT_TRUE(inbox.push(make_sequence(6, 40)).is_ok());
}

TEST(Inbox, ClosedRefusesAndStoppedEndsTheWait) {
  Inbox inbox({.max_queued = 1});
  inbox.close();
  EXPECT_EQ(inbox.push(make_sequence(1)).code(), StatusCode::kUnavailable);
  EXPECT_FALSE(inbox.is_stopped());
  std::thread stopper([&] { inbox.stop(); });
  inbox.wait();
  stopper.join();
  EXPECT_TRUE(inbox.is_stopped());
}

TEST(Inbox, WaitsForABatchOrGivesUp) {
  Inbox inbox({.max_queued = 7});
  ASSERT_TRUE(inbox.push(make_sequence(1)).is_ok());
  inbox.wait_for(2, std::chrono::milliseconds(1));
  std::thread second([&] { ASSERT_TRUE(inbox.push(make_sequence(2)).is_ok()); });
  inbox.wait_for(2, std::chrono::hours(1));
  second.join();
  std::vector<std::unique_ptr<Sequence>> taken;
  inbox.take(taken);
  EXPECT_EQ(taken.size(), 2u);
}

TEST(Inbox, DrainWaitsForTheLastEventOfEveryRequest) {
  Inbox inbox({.max_queued = 7});
  ASSERT_TRUE(inbox.push(make_sequence(1)).is_ok());
  ASSERT_TRUE(inbox.push(make_sequence(2)).is_ok());
  std::thread engine([&] {
    inbox.give_back_places(2);
    inbox.mark_finished(1);
    inbox.mark_finished(1);
  });
  inbox.wait_until_all_finished();
  engine.join();
}

TEST(Inbox, IdsAreDistinct) {
  Inbox inbox(InboxLimits{});
  const RequestId first = inbox.next_request_id();
  EXPECT_NE(first, 0u);
  EXPECT_NE(inbox.next_request_id(), first);
}

TEST(InboxDeathTest, KeepsCount) {
  Inbox inbox(InboxLimits{});
  EXPECT_DEATH(inbox.give_back_places(1), "num_places_taken_");
  EXPECT_DEATH(inbox.mark_finished(1), "num_unfinished_");
  EXPECT_DEATH(inbox.take_from_queue(1), "num_queued_tokens_");
}

}  // namespace
}  // namespace youtu
