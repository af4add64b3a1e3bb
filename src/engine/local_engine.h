// The Engine of this process: two doors, a notice board, and one thread behind them. It is put
// together from its parts, so that a test can give it a script in place of a model.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "cache/prefix_sketch.h"
#include "engine/engine_loop.h"
#include "engine/inbox.h"
#include "engine/stats_board.h"
#include "engine/step_executor.h"
#include "engine/watchdog.h"
#include "grammar/format_compiler.h"
#include "youtu/engine.h"

namespace youtu {

struct EngineParts {
  EngineOptions options;  // validated
  std::shared_ptr<const Tokenizer> tokenizer;
  std::unique_ptr<StepExecutor> executor;  // its cache has num_cache_blocks_of(options) blocks
  ModelInfo model_info;
  const Clock* clock = &steady_clock();               // outlives the engine
  std::chrono::milliseconds watchdog_interval{1000};  // between two looks at the step
};

class LocalEngine final : public Engine {
 public:
  explicit LocalEngine(EngineParts parts);
  ~LocalEngine() override;

  Result<GenerationHandle> submit(GenerationRequest request) override;
  Status check_room() const override;
  Status health() const override { return watchdog_.health(); }
  const Tokenizer& tokenizer() const override { return *parts_.tokenizer; }
  const ModelInfo& model_info() const override { return parts_.model_info; }
  EngineStats stats() const override;
  void set_step_listener(std::function<void()> listener) override;
  void set_report(std::function<void(const std::string& line)> report) override;
  Status change(const EngineOptions& options) override;
  void drain() override;

 private:
  Status check_request(const GenerationRequest& request) const;
  Status check_window_of(const GenerationRequest& request) const;
  int64_t expect_cached_tokens(const GenerationRequest& request) const;
  double room_seconds(const LoadForecast& forecast, int64_t num_prompt_tokens) const;
  Status check_promise(const GenerationRequest& request, double first_token_seconds) const;
  Result<std::shared_ptr<CompiledFormat>> compile_format(const GenerationRequest& request);

  EngineParts parts_;
  FormatCompiler formats_;
  uint64_t seed_key_;  // fresh in each process; the source of seeds for requests without one
  uint64_t prefix_hash_key_;
  PrefixSketch sketch_;  // of what is cached; empty without a prefix cache
  Inbox inbox_;
  StatsBoard board_;
  StepWatch watch_;
  OpenStreams streams_;
  EngineLoop loop_;
  Watchdog watchdog_;
  // Of the loop. Last: nothing that can fail may follow a thread that only the destructor joins.
  std::thread thread_;
};

}  // namespace youtu
