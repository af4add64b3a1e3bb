#include "engine/waiting_queue.h"

#include <gtest/gtest.h>

#include "tests/support/toy_tokenizer.h"

namespace youtu {
namespace {

class WaitingQueueTest : public testing::Test {
 protected:
  std::unique_ptr<Sequence> make(const std::string& client, int priority = 0) {
    GenerationRequest request;
    request.prompt_tokens = {1};
    request.client = client;
    request.priority = priority;
    const auto id = static_cast<RequestId>(next_ticket_);
    auto text = CompletionText::create(tokenizer_, true, {});
    auto sequence = std::make_unique<Sequence>(
        request, 1, tokenizer_.eos_tokens(), *std::move(text),
        std::make_shared<BoundedGenerationStream>(id, request.sampling.max_new_tokens));
    sequence->set_ticket(next_ticket_++);
    accounts_.enter(client);
    return sequence;
  }
  void add(const std::string& client, int priority = 0) { queue_.push(make(client, priority)); }

  // The tickets in the order of their turns, each turn charged `cost` to its client.
  std::vector<int64_t> take_all(int64_t cost) {
    std::vector<int64_t> tickets;
    while (!queue_.is_empty()) {
      const Sequence* next = queue_.next(accounts_);
      const auto taken = queue_.take_next(accounts_);
      EXPECT_EQ(taken.get(), next);
      accounts_.charge(taken->client(), cost);
      tickets.push_back(taken->ticket());
      queue_.check_integrity();
    }
    return tickets;
  }

  ToyTokenizer tokenizer_;
  ClientAccounts accounts_;
  WaitingQueue queue_;
  int64_t next_ticket_ = 0;
};

using Tickets = std::vector<int64_t>;

TEST_F(WaitingQueueTest, KeepsTheOrderOfArrivalOfOneClient) {
  for (int i = 0; i < 4; ++i) add("a");
  EXPECT_EQ(queue_.num_sequences(), 4);
  EXPECT_EQ(take_all(10), (Tickets{0, 1, 2, 3}));
  EXPECT_EQ(queue_.next(accounts_), nullptr);
}

TEST_F(WaitingQueueTest, GivesTheTurnToWhoHadLeast) {
  for (int i = 0; i < 4; ++i) add("a");  // 0 to 3
  add("b");                              // 4
  add("b");                              // 5
  add("c");                              // 6
  EXPECT_EQ(take_all(10), (Tickets{0, 4, 6, 1, 5, 2, 3}));
}

TEST_F(WaitingQueueTest, PutsPriorityBeforeShares) {
  add("a", 0);
  add("b", 5);
  add("a", -1);
  accounts_.charge("a", 1000);
  add("b", 0);
  EXPECT_EQ(take_all(1), (Tickets{2, 3, 0, 1}));
}

TEST_F(WaitingQueueTest, WhoWasPreemptedStandsInFrontOfItsClientsOthers) {
  for (int i = 0; i < 4; ++i) add("a");
  auto first = queue_.take_next(accounts_);
  auto second = queue_.take_next(accounts_);
  queue_.push(std::move(second));
  queue_.push(std::move(first));
  queue_.check_integrity();
  EXPECT_EQ(take_all(0), (Tickets{0, 1, 2, 3}));
}

TEST_F(WaitingQueueTest, HandsOutWhatHasFinishedWhereverItStands) {
  for (const char* client : {"a", "a", "b", "a"}) add(client);
  queue_.for_each([](Sequence& sequence) {
    if (sequence.ticket() == 1 || sequence.ticket() == 2) {
      sequence.finish(FinishReason::kCancelled);
    }
  });
  std::vector<std::unique_ptr<Sequence>> finished;
  queue_.take_finished(finished);
  EXPECT_EQ(finished.size(), 2u);
  EXPECT_EQ(queue_.num_sequences(), 2);
  queue_.check_integrity();
  EXPECT_EQ(take_all(1), (Tickets{0, 3}));
}

}  // namespace
}  // namespace youtu
