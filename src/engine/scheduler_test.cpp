// The scheduler with the runner and a scripted executor, step by step and without threads. Whatever
// the schedule, each answer must be the one that the request gets alone.
#include "engine/scheduler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/support/scheduler_bench.h"

namespace youtu {
namespace {

GenerationRequest random_request(std::mt19937& random, int64_t max_tokens) {
  const int64_t num_prompt_tokens = 1 + random() % static_cast<uint32_t>(max_tokens - 1);
  const int64_t max_new_tokens =
      1 + random() % static_cast<uint32_t>(max_tokens - num_prompt_tokens);
  GenerationRequest request =
      make_request(static_cast<size_t>(num_prompt_tokens), max_new_tokens, random());
  SamplingParams& sampling = request.sampling;
  sampling.ignore_eos = random() % 4 == 0;
  sampling.temperature = (random() % 3) * 0.6;
  sampling.top_k = (random() % 3) * 20;
  sampling.top_p = random() % 2 ? 0.9 : 1.0;
  sampling.repetition_penalty = random() % 2 ? 1.2 : 1.0;
  sampling.frequency_penalty = random() % 3 ? 0.0 : 0.5;
  sampling.no_repeat_ngram_size = random() % 3 ? 0 : 2;
  if (random() % 3 == 0)
    sampling.stop = {std::string(1, static_cast<char>('a' + random() % 26)), "Q"};
  request.skip_control_tokens = random() % 2 == 0;
  return request;
}

TEST(Scheduler, ReadsAPromptInChunksAndThenDecodes) {
  SchedulerBench bench(
      {.max_batch_size = 2, .max_step_tokens = 10, .num_blocks = 8, .block_size = kBlockSize});
  const auto client = bench.add(make_request(25, 3, 1));
  EXPECT_EQ(bench.step(), (Planned{{1, 10}}));
  EXPECT_EQ(bench.step(), (Planned{{1, 10}}));
  EXPECT_TRUE(client->tokens.empty());
  EXPECT_EQ(bench.step(), (Planned{{1, 5}}));
  EXPECT_EQ(client->tokens.size(), 1u);
  EXPECT_EQ(bench.step(), (Planned{{1, 1}}));
  EXPECT_EQ(bench.step(), (Planned{{1, 1}}));
  EXPECT_TRUE(client->is_done());
  EXPECT_EQ(bench.step(), Planned{});
  bench.expect_as_alone();
  EXPECT_EQ(bench.scheduler().counters().prompt_tokens, 25);
  EXPECT_EQ(bench.scheduler().counters().completion_tokens, 3);
  EXPECT_EQ(bench.scheduler().counters().requests_finished, 1);
}

TEST(Scheduler, RunningStreamsGoBeforeAnOlderPrompt) {
  SchedulerBench bench(
      {.max_batch_size = 3, .max_step_tokens = 8, .num_blocks = 20, .block_size = kBlockSize});
  bench.add(make_request(2, 50, 1));
  bench.step();
  bench.add(make_request(40, 5, 2));
  bench.add(make_request(3, 5, 3));
  EXPECT_EQ(bench.step(), (Planned{{1, 1}, {2, 7}}));  // the step is full, so the third waits
  EXPECT_EQ(bench.scheduler().num_waiting(), 1);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(bench.step(), (Planned{{1, 1}, {2, 7}}));
  EXPECT_EQ(bench.step(), (Planned{{1, 1}, {2, 5}, {3, 2}}));
  EXPECT_EQ(bench.step(), (Planned{{1, 1}, {2, 1}, {3, 1}}));
  bench.run_to_end();
  bench.expect_as_alone();
}

TEST(Scheduler, KeepsToTheBatchSizeAndTheOrderOfArrival) {
  SchedulerBench bench(
      {.max_batch_size = 2, .max_step_tokens = 64, .num_blocks = 20, .block_size = kBlockSize});
  for (uint64_t seed = 1; seed <= 4; ++seed) bench.add(make_request(4, 2, seed));
  EXPECT_EQ(bench.step(), (Planned{{1, 4}, {2, 4}}));
  EXPECT_EQ(bench.step(), (Planned{{1, 1}, {2, 1}}));
  EXPECT_EQ(bench.step(), (Planned{{3, 4}, {4, 4}}));
  bench.run_to_end();
  bench.expect_as_alone();
}

TEST(Scheduler, PreemptsTheYoungestAndItsAnswerStaysTheSame) {
  // Each of the three grows to 4 blocks, and there are 6.
  SchedulerBench bench(
      {.max_batch_size = 3, .max_step_tokens = 64, .num_blocks = 6, .block_size = kBlockSize});
  for (uint64_t seed = 1; seed <= 3; ++seed) bench.add(make_request(20, 44, seed));
  bench.run_to_end();
  EXPECT_GT(bench.scheduler().counters().preemptions, 0);
  EXPECT_EQ(bench.scheduler().blocks().num_in_use(), 0);
  bench.expect_as_alone();
}

TEST(Scheduler, TheOldestFinishesFirstWhenBlocksAreShort) {
  SchedulerBench bench(
      {.max_batch_size = 4, .max_step_tokens = 64, .num_blocks = 4, .block_size = kBlockSize});
  std::vector<std::shared_ptr<BenchClient>> clients;
  for (uint64_t seed = 1; seed <= 4; ++seed)
    clients.push_back(bench.add(make_request(10, 54, seed)));
  while (!clients[0]->is_done()) {
    bench.step();
    EXPECT_FALSE(clients[3]->is_done());
  }
  bench.run_to_end();
  bench.expect_as_alone();
}

TEST(Scheduler, ASequenceMayFillTheCacheExactly) {
  SchedulerBench bench(
      {.max_batch_size = 2, .max_step_tokens = 7, .num_blocks = 3, .block_size = kBlockSize});
  bench.add(make_request(47, 1, 1));
  bench.add(make_request(1, 47, 2));
  bench.run_to_end();
  bench.expect_as_alone();
}

TEST(Scheduler, AnswersAreThoseOfTheRequestAloneUnderAnySchedule) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    const int32_t batch = 1 + static_cast<int32_t>(random() % 6);
    const int64_t max_tokens = 80;
    SchedulerBench bench({.max_batch_size = batch,
                          .max_step_tokens = batch + static_cast<int32_t>(random() % 40),
                          .num_blocks = 5 + static_cast<int32_t>(random() % 12),
                          .block_size = kBlockSize});
    for (int i = 0; i < 10; ++i) {
      bench.add(random_request(random, max_tokens));
      for (uint32_t steps = random() % 6; steps > 0; --steps) bench.step();
    }
    bench.run_to_end();
    bench.expect_as_alone();
    EXPECT_EQ(bench.scheduler().blocks().num_in_use(), 0);
  }
}

TEST(Scheduler, CancellationInEveryPhaseGivesBlocksBackAndHarmsNobody) {
  // Phases of the victim: waiting, each chunk of its prompt, before its first token, decoding,
  // after its end.
  for (int steps_before = 0; steps_before < 14; ++steps_before) {
    SCOPED_TRACE(testing::Message() << "cancelled after step " << steps_before);
    SchedulerBench bench(
        {.max_batch_size = 2, .max_step_tokens = 9, .num_blocks = 12, .block_size = kBlockSize});
    const auto neighbour = bench.add(make_request(5, 30, 1));
    const auto victim = bench.add(make_request(40, 6, 2));
    const auto next = bench.add(make_request(5, 3, 3));
    for (int i = 0; i < steps_before; ++i) bench.step();
    const bool was_done = victim->is_done();
    victim->stream->cancel();
    victim->stream->cancel();
    bench.step();
    EXPECT_TRUE(victim->is_done());
    EXPECT_EQ(victim->last.finish_reason,
              was_done ? FinishReason::kLength : FinishReason::kCancelled);
    EXPECT_EQ(victim->last.usage.completion_tokens, static_cast<int64_t>(victim->tokens.size()));
    bench.run_to_end();
    EXPECT_EQ(bench.scheduler().blocks().num_in_use(), 0);
    for (const auto& client : {neighbour, next}) {
      EXPECT_EQ(client->tokens, generate_alone(client->request, bench.tokenizer()).tokens);
    }
  }
}

TEST(Scheduler, NanInOneRowEndsThatRequestOnly) {
  const LogitScript script = [](std::span<const TokenId> tokens, std::span<float> logits) {
    hashed_logits(tokens, logits);
    if (tokens[0] == 2 && tokens.size() == 12) logits[100] = std::nanf("");
  };
  SchedulerBench bench(
      {.max_batch_size = 3, .max_step_tokens = 64, .num_blocks = 12, .block_size = kBlockSize},
      script);
  const auto healthy = bench.add(make_request(5, 20, 1));
  const auto broken = bench.add(make_request(5, 20, 2));
  bench.run_to_end();
  EXPECT_EQ(broken->last.finish_reason, FinishReason::kError);
  EXPECT_EQ(broken->last.status.reason(), "numeric_error");
  EXPECT_EQ(broken->tokens.size(), 7u);
  EXPECT_EQ(healthy->last.finish_reason, FinishReason::kLength);
  EXPECT_EQ(healthy->tokens, generate_alone(healthy->request, bench.tokenizer(), script).tokens);
  EXPECT_EQ(bench.scheduler().blocks().num_in_use(), 0);
}

TEST(Scheduler, AFailedStepEndsItsRequestsAndTheNextStepWorks) {
  SchedulerBench bench(
      {.max_batch_size = 2, .max_step_tokens = 64, .num_blocks = 12, .block_size = kBlockSize});
  int step = 0;
  bench.executor().set_before_step([&step](const BatchView&) {
    return ++step == 3 ? Status::internal("the device is gone") : Status::ok();
  });
  const auto first = bench.add(make_request(5, 10, 1));
  const auto second = bench.add(make_request(5, 10, 2));
  const auto waiting = bench.add(make_request(5, 10, 3));
  bench.run_to_end();
  for (const auto& client : {first, second}) {
    EXPECT_EQ(client->last.finish_reason, FinishReason::kError);
    EXPECT_EQ(client->last.status.message(), "the device is gone");
    EXPECT_EQ(client->tokens.size(), 2u);
  }
  EXPECT_EQ(waiting->tokens, generate_alone(waiting->request, bench.tokenizer()).tokens);
  EXPECT_EQ(bench.scheduler().blocks().num_in_use(), 0);
}

TEST(Scheduler, FinishAllLeavesNothing) {
  SchedulerBench bench(
      {.max_batch_size = 2, .max_step_tokens = 8, .num_blocks = 12, .block_size = kBlockSize});
  std::vector<std::shared_ptr<BenchClient>> clients;
  for (uint64_t seed = 1; seed <= 5; ++seed) clients.push_back(bench.add(make_request(6, 9, seed)));
  for (int i = 0; i < 3; ++i) bench.step();
  bench.scheduler().finish_all(FinishReason::kCancelled);
  EXPECT_EQ(bench.scheduler().unpublished().size(), 5u);
  EXPECT_TRUE(bench.scheduler().publish());
  EXPECT_FALSE(bench.scheduler().has_work());
  bench.scheduler().check_integrity();
  for (const auto& client : clients) {
    client->read();
    EXPECT_EQ(client->last.finish_reason, FinishReason::kCancelled);
  }
}

// Requests come, run, are cancelled, meet NaN and failing steps, at random; the books must balance
// after every step and whoever was left alone must have the answer that it gets alone.
TEST(Scheduler, KeepsItsBooksUnderRandomWork) {
  const LogitScript script = [](std::span<const TokenId> tokens, std::span<float> logits) {
    hashed_logits(tokens, logits);
    if (logits[0] < 0.02f) logits[1] = std::nanf("");
  };
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    const int32_t batch = 1 + static_cast<int32_t>(random() % 8);
    SchedulerBench bench({.max_batch_size = batch,
                          .max_step_tokens = batch + static_cast<int32_t>(random() % 30),
                          .num_blocks = 4 + static_cast<int32_t>(random() % 20),
                          .block_size = kBlockSize},
                         script);
    std::mt19937 faults(seed + 1000);
    bench.executor().set_before_step([&faults](const BatchView&) {
      return faults() % 60 == 0 ? Status::internal("fault") : Status::ok();
    });
    std::vector<std::shared_ptr<BenchClient>> clients;
    for (int turn = 0; turn < 150; ++turn) {
      if (random() % 3 == 0) clients.push_back(bench.add(random_request(random, 64)));
      if (!clients.empty() && random() % 8 == 0)
        clients[random() % clients.size()]->stream->cancel();
      bench.step();
    }
    bench.run_to_end();
    bench.step();
    EXPECT_EQ(bench.scheduler().blocks().num_in_use(), 0);
    for (const auto& client : clients) {
      ASSERT_TRUE(client->is_done());
      const AloneAnswer alone = generate_alone(client->request, bench.tokenizer(), script);
      ASSERT_LE(client->tokens.size(), alone.tokens.size());
      EXPECT_TRUE(std::equal(client->tokens.begin(), client->tokens.end(), alone.tokens.begin()));
      const FinishReason reason = client->last.finish_reason;
      if (reason == FinishReason::kCancelled || client->last.status.message() == "fault") continue;
      EXPECT_EQ(reason, alone.reason);
      EXPECT_EQ(client->tokens, alone.tokens);
      if (reason == FinishReason::kError) continue;
      EXPECT_EQ(client->text, alone.text);
    }
    EXPECT_EQ(bench.scheduler().counters().requests_finished, static_cast<int64_t>(clients.size()));
  }
}

TEST(SchedulerDeathTest, RefusesASequenceThatCanNeverFit) {
  SchedulerBench bench(
      {.max_batch_size = 1, .max_step_tokens = 8, .num_blocks = 2, .block_size = kBlockSize});
  EXPECT_DEATH(bench.add(make_request(30, 3, 1)), "num_blocks_for");
}

TEST(Scheduler, WhoseTimeIsOverEndsWaitingOrRunning) {
  SchedulerBench bench(
      {.max_batch_size = 1, .max_step_tokens = 8, .num_blocks = 16, .block_size = kBlockSize});
  GenerationRequest request = make_request(4, 20, 1);
  request.timeout = std::chrono::milliseconds(100);
  const auto running = bench.add(request);
  const auto waiting = bench.add(request);
  const auto patient = bench.add(make_request(4, 20, 2));
  bench.step();
  bench.set_now(TimePoint() + std::chrono::milliseconds(99));
  bench.step();
  EXPECT_FALSE(running->is_done());
  bench.set_now(TimePoint() + std::chrono::milliseconds(100));
  bench.step();
  for (const auto& client : {running, waiting}) {
    EXPECT_EQ(client->last.finish_reason, FinishReason::kError);
    EXPECT_EQ(client->last.status.reason(), "timeout");
  }
  bench.run_to_end();
  EXPECT_EQ(patient->last.finish_reason, FinishReason::kLength);
}

TEST(Scheduler, GuessesThatAreRightSaveSteps) {
  // Rows are free on this machine.
  StepCosts costs(64);
  costs.observe({.rows = 1}, 1.0);
  costs.observe({.rows = 64}, 1.0);
  const SchedulerOptions options = {
      .max_batch_size = 2, .max_step_tokens = 32, .num_blocks = 32, .block_size = kBlockSize};
  const auto count_steps = [&](bool speculation) {
    SchedulerBench bench(options);
    bench.set_draft_costs(&costs);
    GenerationRequest request = make_request(8, 40, 3);
    request.speculation = speculation;
    request.prediction = generate_alone(request, bench.tokenizer()).tokens;
    bench.add(request);
    int steps = 0;
    for (; bench.scheduler().has_work(); ++steps) bench.step();
    bench.expect_as_alone();
    return steps;
  };
  EXPECT_EQ(count_steps(false), 40);
  EXPECT_LE(count_steps(true), 40 / 4);
}

}  // namespace
}  // namespace youtu
