// Sliding windows through scheduler and runner. The scripted executor's logits depend on the tokens
// in the cache only, so an answer over moved rows must be the one that the request gets alone; and
// it knows at which position each row is.
#include "engine/sliding_window.h"

#include <gtest/gtest.h>

#include "tests/support/scheduler_bench.h"
#include "tests/support/scripted_local_engine.h"

namespace youtu {
namespace {

using Tokens = std::vector<TokenId>;

const SchedulerOptions kOptions = {
    .max_batch_size = 2, .max_step_tokens = 64, .num_blocks = 40, .block_size = kBlockSize};

Tokens cut(const Tokens& tokens, size_t begin, size_t end) {
  return {tokens.begin() + static_cast<ptrdiff_t>(begin),
          tokens.begin() + static_cast<ptrdiff_t>(end)};
}

Tokens join(Tokens a, const Tokens& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// What was said until now, and asked anew, without [pinned, pinned + dropped).
GenerationRequest slide(const GenerationRequest& before, const Tokens& answer, size_t num_pinned,
                        size_t num_dropped, const std::string& conversation = "c") {
  const Tokens said = join(join(before.prompt_tokens, answer), {1, 2, 3, 4, 5});
  GenerationRequest request = before;
  request.prompt_tokens =
      join(cut(said, 0, num_pinned), cut(said, num_pinned + num_dropped, said.size()));
  request.window = {.conversation = conversation,
                    .earlier = said,
                    .num_pinned = static_cast<int64_t>(num_pinned),
                    .num_dropped = static_cast<int64_t>(num_dropped),
                    .is_earlier_whole = !before.window};
  EXPECT_TRUE(check_window(*request.window, request.prompt_tokens).is_ok());
  return request;
}

TEST(SlidingWindow, MovesWhatStaysAndComputesTheRest) {
  SchedulerBench bench(kOptions);
  const auto first = bench.add(make_request(100, 20, 1));
  bench.run_to_end();
  const auto second = bench.add(slide(first->request, first->tokens, 10, 30));
  // 7 blocks of the 119 tokens were published: of positions below 112, 82 are in the new prompt.
  EXPECT_EQ(bench.step(), (Planned{{2, 95 - 82}}));
  EXPECT_EQ(bench.executor().num_moves(), 82);
  bench.run_to_end();
  bench.expect_as_alone();
  EXPECT_EQ(second->last.usage.cached_tokens, 82);
  EXPECT_EQ(second->last.usage.rotated_tokens, 72);  // what is pinned is copied
  EXPECT_EQ(bench.scheduler().blocks().num_in_use(), 0);
}

TEST(SlidingWindow, TheNextTurnFindsWhatWasMoved) {
  SchedulerBench bench(kOptions);
  auto client = bench.add(make_request(100, 20, 1));
  bench.run_to_end();
  client = bench.add(slide(client->request, client->tokens, 10, 30));
  bench.run_to_end();

  // Nothing more is left out: its own blocks are there, and nothing is moved.
  GenerationRequest same = client->request;
  same.prompt_tokens = join(join(same.prompt_tokens, client->tokens), {9, 8, 7});
  same.window = {.conversation = "c"};
  const int64_t num_moves = bench.executor().num_moves();
  const auto third = bench.add(same);
  bench.run_to_end();
  EXPECT_EQ(bench.executor().num_moves(), num_moves);
  EXPECT_EQ(third->last.usage.cached_tokens, 112);  // of 95 + 19 that were computed
  EXPECT_EQ(third->last.usage.rotated_tokens, 0);

  // And from what was moved it is moved on, turn after turn; what is pinned is there already.
  for (int turn = 0; turn < 4; ++turn) {
    client = bench.add(slide(client->request, client->tokens, 16, 25));
    bench.run_to_end();
    EXPECT_GE(client->last.usage.cached_tokens, 75) << "turn " << turn;
    EXPECT_GE(client->last.usage.rotated_tokens, 59) << "turn " << turn;
  }
  bench.expect_as_alone();
}

TEST(SlidingWindow, NobodyElseFindsWhatWasMoved) {
  SchedulerBench bench(kOptions);
  const auto first = bench.add(make_request(100, 20, 1));
  bench.run_to_end();
  const auto moved = bench.add(slide(first->request, first->tokens, 0, 40));
  bench.run_to_end();
  ASSERT_GT(moved->last.usage.rotated_tokens, 50);

  GenerationRequest outside = moved->request;  // the same tokens, of no conversation
  outside.window.reset();
  GenerationRequest other = moved->request;  // and of another, which has no earlier prompt
  other.window = {.conversation = "d"};
  GenerationRequest salted = moved->request;
  salted.window = {.conversation = "c"};
  salted.cache_salt = "s";
  for (const GenerationRequest& request : {outside, other, salted}) {
    const auto client = bench.add(request);
    bench.run_to_end();
    EXPECT_EQ(client->last.usage.cached_tokens, 0);
  }
  bench.expect_as_alone();
}

TEST(SlidingWindow, APreemptedOneStartsOver) {
  SchedulerOptions options = kOptions;
  options.num_blocks = 16;
  SchedulerBench bench(options);
  const auto first = bench.add(make_request(100, 12, 1));
  bench.run_to_end();
  const auto slid = bench.add(slide(first->request, first->tokens, 10, 60));
  bench.step();
  EXPECT_GT(bench.executor().num_moves(), 0);
  GenerationRequest urgent = make_request(180, 60, 2);
  urgent.priority = -1;
  bench.add(urgent);
  bench.run_to_end();
  EXPECT_GT(bench.scheduler().counters().preemptions, 0);
  EXPECT_GT(slid->last.usage.rotated_tokens, 0);
  bench.expect_as_alone();
}

TEST(SlidingWindow, AFailedStepLeavesTheBooksInOrder) {
  SchedulerBench bench(kOptions);
  const auto first = bench.add(make_request(100, 20, 1));
  bench.run_to_end();
  bench.executor().set_before_step([](const BatchView&) { return Status::internal("fault"); });
  const auto slid = bench.add(slide(first->request, first->tokens, 10, 30));
  bench.run_to_end();
  EXPECT_EQ(slid->last.finish_reason, FinishReason::kError);
  EXPECT_EQ(bench.scheduler().blocks().num_in_use(), 0);
  // Nor does a step that never came back.
  const auto again = bench.add(slide(first->request, first->tokens, 10, 30));
  (void)bench.scheduler().plan({.max_prompt_tokens = 64});
  EXPECT_GT(bench.scheduler().blocks().num_in_use(), 0);
  bench.scheduler().finish_all(FinishReason::kCancelled);
  bench.scheduler().check_integrity();
  EXPECT_EQ(bench.scheduler().blocks().num_in_use(), 0);
}

TEST(SlidingWindow, ManyRowsAreMovedInPieces) {
  SchedulerOptions options = kOptions;
  options.max_step_tokens = 8;
  SchedulerBench bench(options);
  const auto first = bench.add(make_request(300, 2, 1));
  bench.run_to_end();
  bench.add(slide(first->request, first->tokens, 33, 50));
  bench.run_to_end();
  EXPECT_EQ(bench.executor().num_moves(), 288 - 50);
  bench.expect_as_alone();
}

TEST(SlidingWindow, RefusesAnEarlierPromptThatIsNone) {
  const GenerationRequest good = slide(make_request(40, 1, 1), {}, 4, 10);
  const auto message = [&good](auto change) {
    SlidingWindow window = *good.window;
    change(window);
    return check_window(window, good.prompt_tokens).message();
  };
  EXPECT_EQ(message([](SlidingWindow&) {}), "");
  EXPECT_EQ(message([](SlidingWindow& w) { w.conversation.clear(); }),
            "the window's conversation has 0 bytes (1 to 512, UTF-8)");
  EXPECT_EQ(message([](SlidingWindow& w) { w.conversation = "a\xff"; }),
            "the window's conversation has 2 bytes (1 to 512, UTF-8)");
  EXPECT_EQ(message([](SlidingWindow& w) { w.num_dropped = 9; }),
            "the window's earlier prompt has 45 tokens and the prompt 35, which does not fit 4 "
            "pinned and 9 dropped ones");
  for (const int64_t pinned : {-1, 36}) {
    EXPECT_NE(message([&](SlidingWindow& w) { w.num_pinned = pinned; }), "");
  }
  EXPECT_NE(message([](SlidingWindow& w) { w.earlier.clear(); }), "");
  for (const size_t place : {size_t{0}, size_t{3}, size_t{14}, size_t{44}}) {
    EXPECT_EQ(message([&](SlidingWindow& w) { w.earlier[place] ^= 1; }),
              "the window's earlier prompt is not the prompt with more at one place")
        << place;
  }
  EXPECT_EQ(message([](SlidingWindow& w) { w.earlier[8] ^= 1; }), "");  // dropped
}

TEST(SlidingWindow, NoSaltOfARequestIsThatOfAWindow) {
  const SlidingWindow a = {.conversation = "a"}, ab = {.conversation = "ab"};
  EXPECT_NE(window_salt(a, "b"), window_salt(ab, ""));
  EXPECT_NE(window_salt(a, ""), window_salt(a, "b"));
  const auto engine = test::make_engine(test::small_options());
  GenerationRequest request = make_request(10, 1, 1);
  request.cache_salt = window_salt(a, "");
  const Status status = engine->submit(request).status();
  EXPECT_EQ(status.message(), "cache_salt is not UTF-8");
  EXPECT_EQ(status.param(), "cache_salt");
}

TEST(SlidingWindow, ThroughTheWholeEngine) {
  const auto engine = test::make_engine(test::small_options());
  GenerationRequest request = make_request(100, 20, 1);
  auto handle = engine->submit(request);
  const test::Answer first = test::read_all(*handle);
  request = slide(request, first.tokens, 10, 30);
  handle = engine->submit(request);
  ASSERT_TRUE(handle.is_ok()) << handle.status().message();
  const test::Answer second = test::read_all(*handle);
  EXPECT_EQ(second.last.usage.rotated_tokens, 72);
  EXPECT_EQ(second.tokens, generate_alone(request, ToyTokenizer()).tokens);

  request.window->num_dropped = 31;
  EXPECT_EQ(engine->submit(request).status().param(), "window");
  EngineOptions options = test::small_options();
  options.prefix_cache = false;
  EXPECT_EQ(test::make_engine(options)->submit(request).status().message(),
            "a sliding window needs the prefix cache, which is off");
}

}  // namespace
}  // namespace youtu
