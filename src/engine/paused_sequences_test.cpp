// Readers that stand still, step by step and without threads.
#include "engine/paused_sequences.h"

#include <gtest/gtest.h>

#include "tests/support/scheduler_bench.h"

namespace youtu {
namespace {

// A client that reads nothing until it is told to.
class SlowReaderTest : public testing::Test {
 protected:
  static constexpr size_t kUnread = 4;

  void add_slow(const GenerationRequest& request) {
    slow_ = std::make_shared<BoundedGenerationStream>(99, request.sampling.max_new_tokens, kUnread);
    auto text = CompletionText::create(bench_.tokenizer(), true, {});
    bench_.scheduler().add(std::make_unique<Sequence>(
        request, *request.sampling.seed, bench_.tokenizer().eos_tokens(), *std::move(text), slow_));
  }
  std::vector<TokenId> read_slow() {
    std::vector<TokenId> tokens;
    while (auto event = slow_->try_next()) {
      tokens.insert(tokens.end(), event->tokens.begin(), event->tokens.end());
    }
    return tokens;
  }
  // From now on it reads after every step.
  void read_to_the_end(std::vector<TokenId>& tokens) {
    do {
      bench_.step();
      const auto more = read_slow();
      tokens.insert(tokens.end(), more.begin(), more.end());
    } while (bench_.scheduler().has_work());
  }

  SchedulerBench bench_{
      {.max_batch_size = 1, .max_step_tokens = 64, .num_blocks = 4, .block_size = kBlockSize}};
  std::shared_ptr<BoundedGenerationStream> slow_;
};

TEST_F(SlowReaderTest, PausesAndLeavesItsPlaceToOthers) {
  const GenerationRequest request = make_request(10, 20, 1);
  add_slow(request);
  for (size_t i = 0; i <= kUnread; ++i) EXPECT_FALSE(bench_.step().empty());
  EXPECT_TRUE(bench_.step().empty());
  EXPECT_EQ(bench_.scheduler().num_paused(), 1);
  EXPECT_FALSE(bench_.scheduler().has_work());
  EXPECT_EQ(bench_.scheduler().blocks().num_in_use(), 1);  // it keeps its block
  const auto other = bench_.add(make_request(3, 5, 2));
  bench_.run_to_end();
  EXPECT_TRUE(other->is_done());
  std::vector<TokenId> tokens = read_slow();
  EXPECT_EQ(tokens.size(), kUnread + 1);
  read_to_the_end(tokens);
  EXPECT_EQ(tokens, generate_alone(request, bench_.tokenizer()).tokens);
  EXPECT_EQ(bench_.scheduler().counters().pauses, 1);
  EXPECT_EQ(bench_.scheduler().counters().preemptions, 0);
}

TEST_F(SlowReaderTest, GivesItsBlocksToWhoNeedsThem) {
  const GenerationRequest request = make_request(10, 20, 1);
  add_slow(request);
  for (size_t i = 0; i <= kUnread; ++i) bench_.step();
  const auto other = bench_.add(make_request(40, 24, 2));  // all four blocks
  bench_.run_to_end();
  EXPECT_TRUE(other->is_done());
  EXPECT_EQ(bench_.scheduler().counters().preemptions, 1);
  EXPECT_EQ(bench_.scheduler().num_paused(), 1);
  EXPECT_EQ(bench_.scheduler().blocks().num_in_use(), 0);
  std::vector<TokenId> tokens = read_slow();
  read_to_the_end(tokens);
  EXPECT_EQ(tokens, generate_alone(request, bench_.tokenizer()).tokens);
}

TEST_F(SlowReaderTest, MayGoAwayOrComeTooLate) {
  add_slow(make_request(10, 20, 1));
  for (size_t i = 0; i <= kUnread; ++i) bench_.step();
  bench_.step();
  ASSERT_EQ(bench_.scheduler().num_paused(), 1);
  slow_->cancel();
  bench_.step();
  EXPECT_EQ(bench_.scheduler().num_paused(), 0);
  EXPECT_EQ(bench_.scheduler().blocks().num_in_use(), 0);
  GenerationRequest request = make_request(10, 20, 1);
  request.timeout = std::chrono::milliseconds(5);
  add_slow(request);
  for (size_t i = 0; i <= kUnread + 1; ++i) bench_.step();
  ASSERT_EQ(bench_.scheduler().num_paused(), 1);
  bench_.set_now(TimePoint() + std::chrono::milliseconds(5));
  bench_.step();
  EXPECT_EQ(bench_.scheduler().num_paused(), 0);
}

}  // namespace
}  // namespace youtu
