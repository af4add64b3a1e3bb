// The scheduler with the runner and a scripted executor, step by step and without threads; and
// clients that read what comes.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/model_runner.h"
#include "engine/scheduler.h"
#include "tests/support/generate_alone.h"
#include "tests/support/scripted_executor.h"
#include "tests/support/toy_tokenizer.h"

namespace youtu {

// What a step has planned: (request id, new tokens).
using Planned = std::vector<std::pair<RequestId, int32_t>>;

struct BenchClient {
  GenerationRequest request;
  std::shared_ptr<BoundedGenerationStream> stream;
  std::string text;
  std::vector<TokenId> tokens;
  GenerationEvent last;

  bool is_done() const { return last.finish_reason != FinishReason::kNone; }
  void read() {
    while (auto event = stream->try_next()) {
      text += event->text;
      tokens.insert(tokens.end(), event->tokens.begin(), event->tokens.end());
      last = *event;
    }
  }
};

class SchedulerBench {
 public:
  explicit SchedulerBench(const SchedulerOptions& options, LogitScript script = hashed_logits)
      : executor_(ToyTokenizer::kVocabSize, options.num_blocks, std::move(script)),
        max_prompt_tokens_(options.max_step_tokens),
        scheduler_(options),
        runner_(executor_, options.max_batch_size, options.max_step_tokens) {}

  std::shared_ptr<BenchClient> add(const GenerationRequest& request) {
    auto client = std::make_shared<BenchClient>();
    client->request = request;
    client->stream =
        std::make_shared<BoundedGenerationStream>(next_id_++, request.sampling.max_new_tokens);
    auto text =
        CompletionText::create(tokenizer_, request.skip_control_tokens, request.sampling.stop);
    scheduler_.add(std::make_unique<Sequence>(request, request.sampling.seed.value(),
                                              tokenizer_.eos_tokens(), *std::move(text),
                                              client->stream));
    clients_.push_back(client);
    return client;
  }

  // One turn of the loop. Returns what was planned.
  Planned step() {
    Planned planned;
    scheduler_.look_at_readers(now_);
    if (scheduler_.has_work()) {
      const StepPlan& plan =
          scheduler_.plan({.max_prompt_tokens = max_prompt_tokens_, .draft_costs = draft_costs_});
      scheduler_.check_integrity();
      for (const PlannedSequence& entry : plan.sequences) {
        planned.emplace_back(entry.sequence->id(), entry.num_new_tokens);
      }
      scheduler_.commit(plan, runner_.run(plan));
    }
    scheduler_.check_integrity();
    scheduler_.publish();
    for (auto& client : clients_) client->read();
    return planned;
  }

  void run_to_end() {
    for (int steps = 0; scheduler_.has_work(); ++steps) {
      ASSERT_LT(steps, 100000) << "no progress";
      step();
    }
  }

  void expect_as_alone(const LogitScript& script = hashed_logits) {
    for (const auto& client : clients_) {
      const AloneAnswer alone = generate_alone(client->request, tokenizer_, script);
      EXPECT_EQ(client->tokens, alone.tokens) << "request " << client->stream->id();
      EXPECT_EQ(client->text, alone.text) << "request " << client->stream->id();
      EXPECT_EQ(client->last.finish_reason, alone.reason) << "request " << client->stream->id();
    }
  }

  void set_max_prompt_tokens(int32_t count) { max_prompt_tokens_ = count; }
  // REQUIRES: they outlive the bench.
  void set_draft_costs(const StepCosts* costs) { draft_costs_ = costs; }
  void set_now(TimePoint now) { now_ = now; }
  Scheduler& scheduler() { return scheduler_; }
  ScriptedExecutor& executor() { return executor_; }
  const ToyTokenizer& tokenizer() const { return tokenizer_; }

 private:
  ToyTokenizer tokenizer_;
  ScriptedExecutor executor_;
  int32_t max_prompt_tokens_;
  const StepCosts* draft_costs_ = nullptr;
  Scheduler scheduler_;
  ModelRunner runner_;
  std::vector<std::shared_ptr<BenchClient>> clients_;
  RequestId next_id_ = 1;
  TimePoint now_;
};

}  // namespace youtu
