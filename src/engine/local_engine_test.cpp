// The whole engine with its thread, over a scripted executor.
#include "engine/local_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "tests/support/generate_alone.h"
#include "tests/support/scripted_local_engine.h"
#include "tests/support/step_gate.h"

namespace youtu {
namespace {

using std::chrono::milliseconds;
using test::Answer;
using test::make_engine;
using test::read_all;
using test::small_options;
using test::StepGate;
constexpr milliseconds kLong{60000};
using FormatKind = OutputFormat::Kind;

TEST(LocalEngine, AnswersAndReportsUsage) {
  auto engine = make_engine(small_options());
  const GenerationRequest request = make_request(20, 30, 5);
  auto handle = engine->submit(request);
  ASSERT_TRUE(handle.is_ok());
  EXPECT_GT(handle->id(), 0u);
  const Answer answer = read_all(*handle);
  const AloneAnswer alone = generate_alone(request, engine->tokenizer());
  EXPECT_EQ(answer.tokens, alone.tokens);
  EXPECT_EQ(answer.text, alone.text);
  EXPECT_EQ(answer.last.finish_reason, FinishReason::kLength);
  EXPECT_EQ(answer.last.usage.prompt_tokens, 20);
  EXPECT_EQ(answer.last.usage.completion_tokens, 30);
  EXPECT_FALSE(handle->try_next().has_value());
  // Whoever has the last event finds the numbers right.
  const EngineStats stats = engine->stats();
  EXPECT_EQ(stats.requests_finished, 1);
  EXPECT_EQ(stats.requests_running, 0);
  EXPECT_EQ(stats.blocks_in_use, 0);
  EXPECT_EQ(stats.blocks_total, 4 * 16);
  EXPECT_EQ(stats.prompt_tokens, 20);
  EXPECT_EQ(stats.completion_tokens, 30);
  EXPECT_EQ(stats.steps, 2 + 29);
  EXPECT_EQ(engine->model_info().name, "script");
}

GenerationRequest formatted_request(OutputFormat format, uint64_t seed) {
  GenerationRequest request = make_request(4, 60, seed);
  request.sampling.ignore_eos = false;
  request.output_format = std::move(format);
  return request;
}

TEST(LocalEngine, RefusesBadRequests) {
  struct Case {
    std::function<void(GenerationRequest&)> set;
    const char* param;
    const char* reason;
  };
  const Case cases[] = {
      {[](auto& r) { r.sampling.temperature = 101; }, "temperature", "out_of_range"},
      {[](auto& r) { r.prompt_tokens.clear(); }, "prompt", "empty"},
      {[](auto& r) { r.prompt_tokens[0] = -1; }, "prompt", "out_of_range"},
      {[](auto& r) { r.prompt_tokens[0] = ToyTokenizer::kVocabSize; }, "prompt", "out_of_range"},
      {[](auto& r) { r.prompt_tokens.assign(256, 1); }, "prompt", "context_length_exceeded"},
      {[](auto& r) { r.prompt_tokens.assign(5000, 1); }, "prompt", "context_length_exceeded"},
      {[](auto& r) { r.sampling.max_new_tokens = 253; }, "max_new_tokens",
       "context_length_exceeded"},
      {[](auto& r) { r.sampling.stop = {"\xff"}; }, "stop", "invalid_utf8"},
      {[](auto& r) { r.cache_salt = std::string(257, 's'); }, "cache_salt", "out_of_range"},
      {[](auto& r) { r.priority = -1001; }, "priority", "out_of_range"},
      {[](auto& r) { r.priority = 1001; }, "priority", "out_of_range"},
      {[](auto& r) { r.client = std::string(257, 'c'); }, "client", "out_of_range"},
      {[](auto& r) {
         r = formatted_request({.kind = FormatKind::kJsonSchema, .text = "{\"not\":{}}"}, 1);
       },
       "response_format", "unsupported_schema"},
      {[](auto& r) { r = formatted_request({.kind = FormatKind::kRegex, .text = "("}, 1); },
       "regex", "invalid_regex"},
      {[](auto& r) {
         r = formatted_request({.kind = FormatKind::kJsonObject}, 1);
         r.sampling.ignore_eos = true;
       },
       "ignore_eos", "unsupported_value"},
  };
  auto engine = make_engine(small_options());
  int index = 0;
  for (const Case& bad : cases) {
    SCOPED_TRACE(testing::Message() << "case " << index++);
    GenerationRequest request = make_request(4, 8, 1);
    bad.set(request);
    const auto handle = engine->submit(request);
    ASSERT_FALSE(handle.is_ok());
    EXPECT_EQ(handle.status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(handle.status().param(), bad.param);
    EXPECT_EQ(handle.status().reason(), bad.reason);
  }
  GenerationRequest request = make_request(200, 100, 1);
  EXPECT_EQ(
      engine->submit(request).status().message(),
      "the prompt has 200 tokens; with max_new_tokens 100 that is 300, and the context has 256");
  EXPECT_EQ(engine->stats().steps, 0);
}

TEST(LocalEngine, TakesARequestThatFillsTheContextExactly) {
  auto engine = make_engine(small_options());
  for (const auto& request : {make_request(4, 252, 1), make_request(255, 1, 1)}) {
    auto handle = engine->submit(request);
    ASSERT_TRUE(handle.is_ok());
    const Answer answer = read_all(*handle);
    EXPECT_EQ(answer.last.finish_reason, FinishReason::kLength);
    EXPECT_EQ(answer.tokens, generate_alone(request, engine->tokenizer()).tokens);
  }
}

TEST(LocalEngine, TellsWhatTheNextTurnFoundInThePrefixCache) {
  for (const bool prefix_cache : {true, false}) {
    EngineOptions options = small_options();
    options.prefix_cache = prefix_cache;
    auto engine = make_engine(options);
    GenerationRequest request = make_request(100, 20, 1);
    auto first = engine->submit(request);
    const Answer answer = read_all(*first);
    EXPECT_EQ(answer.last.usage.cached_tokens, 0);
    EXPECT_EQ(engine->stats().blocks_cached, prefix_cache ? 7 : 0);  // 119 computed
    std::vector<TokenId>& prompt = request.prompt_tokens;
    prompt.insert(prompt.end(), answer.tokens.begin(), answer.tokens.end());
    prompt.push_back(7);
    auto second = engine->submit(request);
    EXPECT_EQ(read_all(*second).last.usage.cached_tokens, prefix_cache ? 112 : 0);
    const EngineStats stats = engine->stats();
    EXPECT_EQ(stats.prefix_queried_tokens, prefix_cache ? 100 + 121 : 0);
    EXPECT_EQ(stats.prefix_hit_tokens, prefix_cache ? 112 : 0);
    EXPECT_EQ(stats.prompt_tokens, prefix_cache ? 100 + 9 : 100 + 121);
    EXPECT_EQ(stats.blocks_in_use, 0);
  }
}

TEST(LocalEngine, ManyClientsGetWhatEachWouldGetAlone) {
  EngineOptions options = small_options();
  options.cache_tokens = 512;  // half of what four could need, so that some are preempted
  options.max_queued_requests = 1000;
  auto engine = make_engine(options);
  std::vector<std::thread> clients;
  for (uint32_t client = 0; client < 8; ++client) {
    clients.emplace_back([&engine, client] {
      std::mt19937 random(client);
      for (int i = 0; i < 12; ++i) {
        GenerationRequest request = make_request(1 + random() % 150, 1 + random() % 100, random());
        request.sampling.ignore_eos = random() % 2 == 0;
        request.client = std::to_string(client % 3);
        request.priority = static_cast<int>(random() % 3) - 1;
        request.cache_salt = std::string(random() % 2, 's');
        auto handle = engine->submit(request);
        ASSERT_TRUE(handle.is_ok());
        if (random() % 4 == 0) {  // gone after the first event
          (void)handle->wait_next(kLong);
          continue;
        }
        const Answer answer = read_all(*handle);
        EXPECT_EQ(answer.tokens, generate_alone(request, engine->tokenizer()).tokens)
            << "client " << client << " request " << i;
      }
    });
  }
  for (auto& client : clients) client.join();
  engine->drain();
  EXPECT_EQ(engine->stats().blocks_in_use, 0);
  EXPECT_EQ(engine->stats().requests_finished, 8 * 12);
}

TEST(LocalEngine, AClosedLoopOfClientsIsNeverRefused) {
  EngineOptions options = small_options();
  options.max_queued_requests = 0;
  auto engine = make_engine(options);
  std::vector<std::thread> clients;
  for (uint64_t client = 0; client < 4; ++client) {
    clients.emplace_back([&engine, client] {
      for (int i = 0; i < 50; ++i) {
        auto handle = engine->submit(make_request(3, 2, client));
        ASSERT_TRUE(handle.is_ok()) << handle.status().message();
        read_all(*handle);
      }
    });
  }
  for (auto& client : clients) client.join();
}

TEST(LocalEngine, RefusesWhenTheQueueIsFull) {
  StepGate gate;
  EngineOptions options = small_options();
  options.max_batch_size = 2;
  options.max_queued_requests = 1;
  auto engine = make_engine(options, gate.hook());
  std::vector<GenerationHandle> handles;
  for (int i = 0; i < 3; ++i) {
    auto handle = engine->submit(make_request(3, 3, 1));
    ASSERT_TRUE(handle.is_ok());
    handles.push_back(std::move(*handle));
  }
  const auto refused = engine->submit(make_request(3, 3, 1));
  EXPECT_EQ(refused.status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(refused.status().reason(), "queue_full");
  gate.open();
  for (auto& handle : handles) read_all(handle);
  EXPECT_TRUE(engine->submit(make_request(3, 3, 1)).is_ok());
}

TEST(LocalEngine, ItsQueueMayChangeWhileItServes) {
  StepGate gate;
  EngineOptions options = small_options();
  options.max_batch_size = 1;
  options.max_queued_requests = 0;
  auto engine = make_engine(options, gate.hook());
  auto running = engine->submit(make_request(3, 3, 1));
  ASSERT_TRUE(running.is_ok());
  EXPECT_EQ(engine->check_room().reason(), "queue_full");

  options.max_queued_requests = 1;
  options.max_batch_size = 4;  // as it is made, so it stays
  ASSERT_TRUE(engine->change(options));
  auto waiting = engine->submit(make_request(3, 3, 2));
  ASSERT_TRUE(waiting.is_ok());
  EXPECT_EQ(engine->check_room().reason(), "queue_full");

  options.prefill_slowdown_percent = 50;  // below what a step takes alone
  options.max_queued_requests = 8;
  EXPECT_EQ(engine->change(options).param(), "prefill_slowdown_percent");
  EXPECT_EQ(engine->check_room().reason(), "queue_full");

  options.prefill_slowdown_percent = 0;
  options.speculation = false;
  options.batch_timeout_ms = 1;
  options.max_queued_requests = 0;  // the one that waits is not sent away
  ASSERT_TRUE(engine->change(options));
  gate.open();
  EXPECT_EQ(read_all(*running).last.finish_reason, FinishReason::kLength);
  EXPECT_EQ(read_all(*waiting).last.finish_reason, FinishReason::kLength);
}

TEST(LocalEngine, RefusesPromptsThatAreTooMuchTogether) {
  StepGate gate;
  EngineOptions options = small_options();
  options.max_batch_size = 1;
  options.max_queued_tokens = 40;
  auto engine = make_engine(options, gate.hook());
  std::vector<GenerationHandle> handles;
  const auto submit = [&](size_t num_prompt_tokens) {
    auto handle = engine->submit(make_request(num_prompt_tokens, 2, 1));
    const Status status = handle.status();
    if (handle) handles.push_back(std::move(*handle));
    return status;
  };
  ASSERT_TRUE(submit(100));  // runs
  gate.wait_until_entered();
  gate.let_pass();
  gate.wait_until_entered();  // its first step is over, so it has left the queue
  ASSERT_TRUE(submit(30));
  EXPECT_EQ(submit(11).reason(), "queue_full");
  ASSERT_TRUE(submit(10));
  EXPECT_EQ(engine->check_room().reason(), "queue_full");
  gate.open();
  for (auto& handle : handles) read_all(handle);
  EXPECT_EQ(engine->stats().tokens_waiting, 0);
  EXPECT_TRUE(engine->check_room());
}

TEST(LocalEngine, PausesForAReaderThatStandsStill) {
  EngineOptions options = small_options();
  options.max_context_tokens = 1024;
  options.max_batch_size = 1;
  auto engine = make_engine(options);
  const GenerationRequest request = make_request(3, 2 * int64_t{kMaxUnreadEvents}, 1);
  auto slow = engine->submit(request);
  ASSERT_TRUE(slow.is_ok());
  while (engine->stats().requests_paused == 0) std::this_thread::yield();
  EXPECT_EQ(engine->stats().requests_running, 0);
  auto other = engine->submit(make_request(3, 20, 2));
  ASSERT_TRUE(other.is_ok());
  EXPECT_EQ(read_all(*other).tokens.size(), 20u);
  EXPECT_EQ(read_all(*slow).tokens, generate_alone(request, engine->tokenizer()).tokens);
}

TEST(LocalEngine, DestroyingTheHandleCancels) {
  StepGate gate;
  auto engine = make_engine(small_options(), gate.hook());
  {
    const auto handle = engine->submit(make_request(3, 200, 1));
    ASSERT_TRUE(handle.is_ok());
    gate.wait_until_entered();
  }
  gate.let_pass();
  engine->drain();
  EXPECT_EQ(engine->stats().blocks_in_use, 0);
  EXPECT_EQ(engine->stats().requests_finished, 1);
  EXPECT_EQ(engine->stats().steps, 1);
}

TEST(LocalEngine, ExplicitCancelStillDeliversALastEvent) {
  StepGate gate;
  auto engine = make_engine(small_options(), gate.hook());
  auto handle = engine->submit(make_request(3, 200, 1));
  gate.wait_until_entered();
  handle->cancel();
  gate.open();
  const Answer answer = read_all(*handle);
  EXPECT_EQ(answer.last.finish_reason, FinishReason::kCancelled);
  EXPECT_EQ(answer.last.usage.completion_tokens, 1);
}

TEST(LocalEngine, RequestsThatComeDuringAStepJoinTheNext) {
  StepGate gate;
  EngineOptions options = small_options();
  options.prefill_slowdown_percent =
      0;  // how much of a prompt a step takes is not the clock's choice
  auto engine = make_engine(options, gate.hook());
  auto first = engine->submit(make_request(3, 3, 1));
  gate.wait_until_entered();
  auto second = engine->submit(make_request(3, 3, 2));
  auto third = engine->submit(make_request(3, 3, 3));
  gate.open();
  read_all(*first);
  read_all(*second);
  read_all(*third);
  engine.reset();
  EXPECT_THAT(gate.batch_sizes(), testing::ElementsAre(1, 3, 3, 2));
}

TEST(LocalEngine, ServesOneAtATimeWithoutBatching) {
  StepGate gate;
  EngineOptions options = small_options();
  options.enable_batching = false;
  auto engine = make_engine(options, gate.hook());
  gate.open();
  std::vector<GenerationHandle> handles;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    handles.push_back(*engine->submit(make_request(3, 4, seed)));
  }
  for (auto& handle : handles) read_all(handle);
  engine.reset();
  EXPECT_THAT(gate.batch_sizes(), testing::Each(1u));
  EXPECT_EQ(gate.batch_sizes().size(), 20u);
}

TEST(LocalEngine, AnIdleEngineGathersABatch) {
  StepGate gate;
  EngineOptions options = small_options();
  options.batch_timeout_ms = 60000;  // ends early, when the batch is full
  auto engine = make_engine(options, gate.hook());
  gate.open();
  std::vector<GenerationHandle> handles;
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    handles.push_back(*engine->submit(make_request(3, 4, seed)));
  }
  for (auto& handle : handles) read_all(handle);
  engine.reset();
  EXPECT_THAT(gate.batch_sizes(), testing::Each(4u));
}

TEST(LocalEngine, DrainFinishesWhatIsThereAndRefusesWhatIsNew) {
  StepGate gate;
  auto engine = make_engine(small_options(), gate.hook());
  std::vector<GenerationHandle> handles;
  for (uint64_t seed = 1; seed <= 7; ++seed) {
    handles.push_back(*engine->submit(make_request(3, 4, seed)));
  }
  gate.open();
  engine->drain();
  EXPECT_EQ(engine->submit(make_request(3, 4, 1)).status().code(), StatusCode::kUnavailable);
  for (auto& handle : handles) {  // all is there, nobody need wait
    std::optional<GenerationEvent> last;
    while (auto event = handle.try_next()) last = event;
    ASSERT_TRUE(last.has_value());
    EXPECT_EQ(last->finish_reason, FinishReason::kLength);
  }
  engine->drain();
}

TEST(LocalEngine, DestructionCancelsAndHandlesOutliveIt) {
  StepGate gate;
  auto engine = make_engine(small_options(), gate.hook());
  std::vector<GenerationHandle> handles;
  for (uint64_t seed = 1; seed <= 7; ++seed) {
    handles.push_back(*engine->submit(make_request(3, 200, seed)));
  }
  gate.wait_until_entered();
  std::atomic<bool> is_destroyed = false;
  std::thread destroyer([&] {
    engine.reset();
    is_destroyed = true;
  });
  while (!is_destroyed) {  // slowly, or 200 steps are done before the destructor has begun
    gate.let_pass();
    std::this_thread::sleep_for(milliseconds(5));
  }
  destroyer.join();
  for (auto& handle : handles) {
    EXPECT_EQ(read_all(handle).last.finish_reason, FinishReason::kCancelled);
  }
}

TEST(LocalEngine, CallsTheListenerOncePerStepWithEvents) {
  auto engine = make_engine(small_options());
  std::atomic<int> calls = 0;
  engine->set_step_listener([&] { ++calls; });
  auto handle =
      engine->submit(make_request(40, 5, 1));  // three chunks, of which the last gives a token
  read_all(*handle);
  engine.reset();
  EXPECT_EQ(calls, 5);
}

TEST(LocalEngine, FreshSeedsDifferAndFixedSeedsRepeat) {
  auto engine = make_engine(small_options());
  const auto answer = [&](std::optional<uint64_t> seed) {
    GenerationRequest request = make_request(3, 40, 1);
    request.sampling.seed = seed;
    auto handle = engine->submit(request);
    return read_all(*handle).tokens;
  };
  EXPECT_EQ(answer(9), answer(9));
  EXPECT_NE(answer(9), answer(10));
  EXPECT_NE(answer(std::nullopt), answer(std::nullopt));
}

TEST(LocalEngine, AnExceptionFromALibraryCostsTheRequestsAndNotTheEngine) {
  std::atomic<bool> shall_throw = true;
  auto engine = make_engine(small_options(), [&](const BatchView&) {
    if (shall_throw) throw std::bad_alloc();
    return Status::ok();
  });
  auto handle = engine->submit(make_request(3, 4, 1));
  const Answer broken = read_all(*handle);
  EXPECT_EQ(broken.last.finish_reason, FinishReason::kError);
  EXPECT_EQ(broken.last.status.code(), StatusCode::kInternal);
  shall_throw = false;
  const GenerationRequest request = make_request(3, 4, 1);
  auto next = engine->submit(request);
  EXPECT_EQ(read_all(*next).tokens, generate_alone(request, engine->tokenizer()).tokens);
  EXPECT_EQ(engine->stats().blocks_in_use, 0);
}

TEST(LocalEngine, RefusesAtOnceWhatItCannotPromise) {
  StepGate gate;
  auto engine = make_engine(small_options(), gate.hook());
  // It has learned that a step takes long.
  auto slow = engine->submit(make_request(3, 1, 1));
  gate.wait_until_entered();
  std::this_thread::sleep_for(milliseconds(30));
  gate.let_pass();
  read_all(*slow);
  GenerationRequest hasty = make_request(16, 1, 2);
  hasty.ttft_slo = milliseconds(1);
  const auto refused = engine->submit(hasty);
  ASSERT_FALSE(refused.is_ok());
  EXPECT_EQ(refused.status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(refused.status().reason(), "slo_unattainable");
  EXPECT_EQ(refused.status().param(), "ttft_slo_ms");
  EXPECT_GT(refused.status().retry_after_seconds(), 0);
  hasty.ttft_slo = milliseconds(60'000);
  gate.open();
  auto accepted = engine->submit(hasty);
  ASSERT_TRUE(accepted.is_ok()) << accepted.status().message();
  EXPECT_EQ(read_all(*accepted).last.finish_reason, FinishReason::kLength);
  EXPECT_EQ(engine->stats().histograms.first_token_error.count(), 2);
}

// A prompt that repeats itself, so that guesses are made; the logprobs are those of each token's
// own row, however many rows a step had.
TEST(LocalEngine, LogprobsAreTheSameWithGuesses) {
  std::vector<std::vector<TokenLogprobs>> found;
  for (const bool speculation : {false, true}) {
    EngineOptions options = small_options();
    options.speculation = speculation;
    const auto engine = make_engine(options);
    GenerationRequest request;
    request.prompt_tokens = {'a', 'b', 'a', 'b', 'a', 'b'};
    request.sampling.max_new_tokens = 40;
    request.sampling.seed = 11;
    request.sampling.top_logprobs = 2;
    auto handle = engine->submit(request);
    ASSERT_TRUE(handle.is_ok());
    std::vector<TokenLogprobs> all;
    for (GenerationEvent event; event.finish_reason == FinishReason::kNone;) {
      auto next = handle->wait_next(kLong);
      ASSERT_TRUE(next.has_value());
      event = *std::move(next);
      ASSERT_EQ(event.tokens.size(), event.logprobs.size());
      for (size_t i = 0; i < event.tokens.size(); ++i) {
        EXPECT_EQ(event.logprobs[i].drawn.token, event.tokens[i]);
        EXPECT_GE(event.logprobs[i].top()[0].logprob, event.logprobs[i].drawn.logprob);
        all.push_back(event.logprobs[i]);
      }
    }
    found.push_back(std::move(all));
  }
  ASSERT_EQ(found[0].size(), found[1].size());
  for (size_t i = 0; i < found[0].size(); ++i) {
    EXPECT_EQ(found[0][i].drawn, found[1][i].drawn);
    EXPECT_EQ(found[0][i].ranked, found[1][i].ranked);
  }
}

TEST(LocalEngine, RefusesTokensThatDoNotExist) {
  const auto engine = make_engine(small_options());
  GenerationRequest request;
  request.prompt_tokens = {'h'};
  request.sampling.stop_token_ids = {ToyTokenizer::kVocabSize};
  EXPECT_EQ(engine->submit(request).status().param(), "stop_token_ids");
  request.sampling.stop_token_ids = {};
  request.sampling.logit_bias = {{.token = -1, .bias = 0}};
  EXPECT_EQ(engine->submit(request).status().param(), "logit_bias");
}

TEST(LocalEngine, RefusesPredictionsThatNoAnswerCanBe) {
  auto engine = make_engine(small_options());
  GenerationRequest request = make_request(3, 5, 1);
  for (const TokenId token : {-1, ToyTokenizer::kVocabSize}) {
    request.prediction = {1, token};
    const auto refused = engine->submit(request);
    ASSERT_FALSE(refused.is_ok());
    EXPECT_EQ(refused.status().param(), "prediction");
  }
  request.prediction.assign(257, 1);  // the context has 256
  EXPECT_EQ(engine->submit(request).status().reason(), "out_of_range");
  request.prediction.assign(256, 1);
  auto accepted = engine->submit(request);
  ASSERT_TRUE(accepted.is_ok());
  EXPECT_EQ(read_all(*accepted).last.finish_reason, FinishReason::kLength);
}

}  // namespace
}  // namespace youtu
