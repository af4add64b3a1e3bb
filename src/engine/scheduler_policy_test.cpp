// What the scheduler makes of the prefix cache, of priorities and of clients.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/support/scheduler_bench.h"

namespace youtu {
namespace {

SchedulerOptions roomy(int32_t max_batch_size = 4) {
  return {.max_batch_size = max_batch_size,
          .max_step_tokens = 256,
          .num_blocks = 64,
          .block_size = kBlockSize};
}

// The next turn of a conversation: all that was said, and a few tokens more.
GenerationRequest next_turn(const BenchClient& client, size_t num_more, int64_t max_new_tokens) {
  GenerationRequest request = client.request;
  std::vector<TokenId>& prompt = request.prompt_tokens;
  prompt.insert(prompt.end(), client.tokens.begin(), client.tokens.end());
  for (size_t i = 0; i < num_more; ++i) prompt.push_back(static_cast<TokenId>(i));
  request.sampling.max_new_tokens = max_new_tokens;
  return request;
}

GenerationRequest of_client(const std::string& client, int64_t max_new_tokens, uint64_t seed) {
  GenerationRequest request = make_request(8, max_new_tokens, seed);
  request.client = client;
  return request;
}

TEST(SchedulerPrefixCache, ASecondTurnReadsOnlyWhatIsNew) {
  SchedulerBench bench(roomy());
  const auto first = bench.add(make_request(40, 20, 1));
  bench.run_to_end();
  EXPECT_EQ(first->last.usage.cached_tokens, 0);
  // 60 tokens, of which the last was never computed: 3 full blocks.
  EXPECT_EQ(bench.scheduler().blocks().num_cached(), 3);
  const auto second = bench.add(next_turn(*first, 5, 10));
  EXPECT_EQ(bench.step(), (Planned{{2, 65 - 48}}));
  bench.run_to_end();
  EXPECT_EQ(second->last.usage.cached_tokens, 48);
  EXPECT_EQ(bench.scheduler().counters().prefix_queried_tokens, 40 + 65);
  EXPECT_EQ(bench.scheduler().counters().prefix_hit_tokens, 48);
  bench.expect_as_alone();
}

TEST(SchedulerPrefixCache, TheLastPromptTokenIsAlwaysComputed) {
  SchedulerBench bench(roomy());
  bench.add(make_request(48, 2, 1));
  bench.run_to_end();
  const auto again = bench.add(make_request(48, 2, 1));
  EXPECT_EQ(bench.step(), (Planned{{2, 16}}));
  bench.run_to_end();
  EXPECT_EQ(again->last.usage.cached_tokens, 32);
  EXPECT_EQ(bench.scheduler().blocks().num_cached(), 3);  // the block computed twice is kept once
  bench.expect_as_alone();
}

TEST(SchedulerPrefixCache, RunningSequencesShareTheirBeginning) {
  SchedulerBench bench(roomy());
  bench.add(make_request(64, 30, 1));
  bench.step();
  for (uint64_t seed = 2; seed <= 4; ++seed) {
    GenerationRequest request = make_request(64, 30, 1);
    request.prompt_tokens.push_back(static_cast<TokenId>(seed));
    request.sampling.seed = seed;
    bench.add(request);
  }
  EXPECT_EQ(bench.step(), (Planned{{1, 1}, {2, 1}, {3, 1}, {4, 1}}));
  EXPECT_EQ(bench.scheduler().blocks().num_in_use(), 4 + 4);
  bench.run_to_end();
  bench.expect_as_alone();
}

TEST(SchedulerPrefixCache, SaltsKeepPromptsApart) {
  SchedulerBench bench(roomy());
  for (const char* salt : {"", "a", "b", "a", ""}) {
    GenerationRequest request = make_request(40, 2, 1);
    request.cache_salt = salt;
    const auto client = bench.add(request);
    const bool is_known = client->stream->id() > 3;
    bench.run_to_end();
    EXPECT_EQ(client->last.usage.cached_tokens, is_known ? 32 : 0) << "salt " << salt;
  }
  bench.expect_as_alone();
}

TEST(SchedulerPrefixCache, SwitchedOffItKeepsNothing) {
  SchedulerOptions options = roomy();
  options.prefix_cache = false;
  SchedulerBench bench(options);
  for (int i = 0; i < 2; ++i) {
    const auto client = bench.add(make_request(40, 2, 1));
    bench.run_to_end();
    EXPECT_EQ(client->last.usage.cached_tokens, 0);
  }
  EXPECT_EQ(bench.scheduler().blocks().num_free(), 64);
  EXPECT_EQ(bench.scheduler().counters().prefix_queried_tokens, 0);
}

TEST(SchedulerPrefixCache, WhatIsCachedGoesBeforeAnybodyIsPreempted) {
  SchedulerOptions options = roomy();
  options.num_blocks = 8;
  SchedulerBench bench(options);
  bench.add(make_request(60, 40, 1));
  bench.run_to_end();
  EXPECT_GE(bench.scheduler().blocks().num_cached(), 6);
  bench.add(make_request(40, 24, 2));  // 4 blocks each
  bench.add(make_request(40, 24, 3));
  bench.run_to_end();
  EXPECT_EQ(bench.scheduler().counters().preemptions, 0);
  bench.expect_as_alone();
}

TEST(SchedulerPrefixCache, ThePreemptedFindTheirOwnBlocksAgain) {
  const auto prompt_tokens_computed = [](bool prefix_cache) {
    SchedulerOptions options = roomy();
    options.num_blocks = 8;
    options.prefix_cache = prefix_cache;
    SchedulerBench bench(options);
    for (uint64_t seed = 1; seed <= 2; ++seed) bench.add(make_request(60, 20, seed));
    bench.run_to_end();
    EXPECT_GT(bench.scheduler().counters().preemptions, 0);
    bench.expect_as_alone();
    return bench.scheduler().counters().prompt_tokens;
  };
  const int64_t cold = prompt_tokens_computed(false);
  EXPECT_GE(cold, 3 * 60);
  EXPECT_LT(prompt_tokens_computed(true), cold);
}

TEST(SchedulerPolicy, PromptTokensHaveABudgetOfTheirOwn) {
  SchedulerBench bench(roomy());
  bench.add(make_request(4, 10, 1));
  bench.step();
  bench.set_max_prompt_tokens(6);
  bench.add(make_request(9, 3, 2));
  bench.add(make_request(7, 3, 3));
  EXPECT_EQ(bench.step(), (Planned{{1, 1}, {2, 6}}));
  EXPECT_EQ(bench.step(), (Planned{{1, 1}, {2, 3}, {3, 3}}));
  EXPECT_EQ(bench.step(), (Planned{{1, 1}, {2, 1}, {3, 4}}));
  bench.run_to_end();
  bench.expect_as_alone();
}

TEST(SchedulerPolicy, LowerPrioritiesBeginFirst) {
  SchedulerBench bench(roomy(1));
  std::map<int, std::shared_ptr<BenchClient>> by_priority;
  bench.add(make_request(8, 4, 1));
  bench.step();
  for (const int priority : {7, 0, -3}) {
    GenerationRequest request = make_request(8, 4, 2);
    request.priority = priority;
    by_priority[priority] = bench.add(request);
  }
  while (!by_priority[-3]->is_done()) bench.step();
  EXPECT_TRUE(by_priority[0]->tokens.empty());
  while (!by_priority[0]->is_done()) bench.step();
  EXPECT_TRUE(by_priority[7]->tokens.empty());
  bench.run_to_end();
  bench.expect_as_alone();
}

TEST(SchedulerPolicy, TheHighestPriorityNumberIsPreemptedAndThenTheYoungest) {
  SchedulerOptions options = roomy();
  options.num_blocks = 6;  // each of the three grows to 4
  SchedulerBench bench(options);
  std::vector<std::shared_ptr<BenchClient>> clients;
  for (const int priority : {9, 0, 0}) {
    GenerationRequest request = make_request(20, 44, static_cast<uint64_t>(clients.size()));
    request.priority = priority;
    clients.push_back(bench.add(request));
  }
  while (!clients[1]->is_done()) bench.step();
  EXPECT_FALSE(clients[2]->is_done());
  while (!clients[2]->is_done()) bench.step();
  EXPECT_FALSE(clients[0]->is_done());
  bench.run_to_end();
  bench.expect_as_alone();
}

TEST(SchedulerPolicy, ThePreemptedGoOnBeforeTheirClientsOtherRequestsBegin) {
  SchedulerOptions options = roomy(2);
  options.num_blocks = 6;  // each grows to 4
  SchedulerBench bench(options);
  std::vector<std::shared_ptr<BenchClient>> requests;
  for (uint64_t seed = 0; seed < 3; ++seed)
    requests.push_back(bench.add(make_request(20, 44, seed)));
  while (!requests[0]->is_done()) bench.step();
  EXPECT_GT(bench.scheduler().counters().preemptions, 0);
  ASSERT_FALSE(requests[1]->is_done());
  EXPECT_TRUE(requests[2]->tokens.empty());
  const size_t num_tokens_before = requests[1]->tokens.size();
  while (requests[2]->tokens.empty()) bench.step();
  EXPECT_GT(requests[1]->tokens.size(), num_tokens_before);
  bench.run_to_end();
  bench.expect_as_alone();
}

// The step in which each of `singles` clients with one request gets its first token, after a crowd
// of `num_crowd` requests of one client that came just before them.
std::vector<int> first_token_steps(int num_crowd, int num_singles) {
  SchedulerBench bench(roomy(4));
  for (int i = 0; i < num_crowd; ++i) bench.add(of_client("crowd", 16, static_cast<uint64_t>(i)));
  std::vector<std::shared_ptr<BenchClient>> singles;
  for (int i = 0; i < num_singles; ++i) {
    singles.push_back(bench.add(of_client(std::to_string(i), 16, static_cast<uint64_t>(i))));
  }
  std::vector<int> steps(singles.size(), 0);
  for (int step = 1; bench.scheduler().has_work(); ++step) {
    bench.step();
    for (size_t i = 0; i < singles.size(); ++i) {
      if (steps[i] == 0 && !singles[i]->tokens.empty()) steps[i] = step;
    }
  }
  return steps;
}

TEST(SchedulerPolicy, ACrowdOfOneClientHardlyDelaysTheOthers) {
  const std::vector<int> quiet = first_token_steps(0, 10);
  const std::vector<int> crowded = first_token_steps(100, 10);
  for (size_t i = 0; i < quiet.size(); ++i) {
    EXPECT_LE(crowded[i], 2 * quiet[i] + 16) << "client " << i;  // 16: one answer of the crowd
  }
  EXPECT_LE(crowded.back(), 2 * quiet.back());
}

TEST(SchedulerPolicy, ClientsThatAlwaysAskAreServedInEqualShares) {
  SchedulerBench bench(roomy(2));
  // One asks for long answers, the other for short ones, and neither ever has nothing waiting.
  std::map<std::string, std::vector<std::shared_ptr<BenchClient>>> requests;
  uint64_t seed = 0;
  for (int step = 0; step < 1500; ++step) {
    for (const auto& [name, length] : {std::pair("long", 40), std::pair("short", 5)}) {
      auto& mine = requests[name];
      const auto has_begun = [](const auto& request) { return !request->tokens.empty(); };
      while (std::ranges::count_if(mine, has_begun) + 2 > std::ssize(mine)) {
        mine.push_back(bench.add(of_client(name, length, ++seed)));
      }
    }
    bench.step();
  }
  std::map<std::string, double> cost;  // a prompt token 1, a token of an answer 2
  for (const auto& [name, mine] : requests) {
    for (const auto& request : mine) {
      if (request->tokens.empty()) continue;
      cost[name] += 8.0 + 2.0 * static_cast<double>(request->tokens.size());
    }
  }
  EXPECT_NEAR(cost["long"] / cost["short"], 1.0, 0.05);
}

}  // namespace
}  // namespace youtu
