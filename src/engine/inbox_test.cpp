#include "engine/inbox.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/toy_tokenizer.h"

namespace youtu {
namespace {

const ToyTokenizer kTokenizer;

std::unique_ptr<Sequence> make_sequence(RequestId id) {
  GenerationRequest request = {.prompt_tokens = {1}, .sampling = {}};
  auto text = CompletionText::create(kTokenizer, true, {});
  return std::make_unique<Sequence>(request, 1, kTokenizer.eos_tokens(), *std::move(text),
                                    std::make_shared<BoundedGenerationStream>(id, 128));
}

TEST(Inbox, HandsOverInTheOrderOfArrival) {
  Inbox inbox(10);
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
  Inbox inbox(2);
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

TEST(Inbox, ClosedRefusesAndStoppedEndsTheWait) {
  Inbox inbox(2);
  inbox.close();
  EXPECT_EQ(inbox.push(make_sequence(1)).code(), StatusCode::kUnavailable);
  EXPECT_FALSE(inbox.is_stopped());
  std::thread stopper([&] { inbox.stop(); });
  inbox.wait();
  stopper.join();
  EXPECT_TRUE(inbox.is_stopped());
}

TEST(Inbox, WaitsForABatchOrGivesUp) {
  Inbox inbox(8);
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
  Inbox inbox(8);
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
  Inbox inbox(1);
  const RequestId first = inbox.next_request_id();
  EXPECT_NE(first, 0u);
  EXPECT_NE(inbox.next_request_id(), first);
}

TEST(InboxDeathTest, KeepsCount) {
  Inbox inbox(1);
  EXPECT_DEATH(inbox.give_back_places(1), "num_places_taken_");
  EXPECT_DEATH(inbox.mark_finished(1), "num_unfinished_");
}

}  // namespace
}  // namespace youtu
