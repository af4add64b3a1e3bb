#include "engine/memory_planner.h"

#include <cstdlib>

#include "base/available_memory.h"
#include "base/check.h"
#include "cache/block_manager.h"
#include "cache/prefix_sketch.h"
#include "engine/engine_options.h"
#include "engine/memory_remedies.h"
#include "engine/model_runner.h"
#include "engine/step.h"
#include "grammar/format_compiler.h"
#include "youtu/generation.h"

namespace youtu {
namespace {

// A request takes at most so much, and so much for each token that it may have: its tokens and the
// prediction of its answer (4 bytes each), the stream's tokens and ends of events (4 and 16), the
// times between them (4), text, of which a token is some four bytes, and logprobs if they are asked
// for; arrays that grow may be half empty.
constexpr int64_t kRequestBytes = 16 << 10;
constexpr int64_t kRequestBytesPerToken = 64 + 2 * int64_t{sizeof(TokenLogprobs)};
// Explanations are kept while they are unread: of a step more than a reader may leave, and of the
// one under way.
constexpr int64_t kExplanationBytes = (int64_t{kMaxUnreadExplainedEvents} + 2) *
                                      (kMaxDraftTokens + 1) * int64_t{sizeof(TokenExplanation)};

// Of all that may run and wait, each with a format of its own, beside the formats that are kept and
// the vocabulary that they share.
int64_t request_bytes(const EngineOptions& options, int32_t vocab_size) {
  constexpr int64_t kFormatBytes = CompiledFormat::kDefaultMaxBytes;
  const int64_t request = kRequestBytes + kRequestBytesPerToken * options.max_context_tokens +
                          kExplanationBytes + kFormatBytes;
  return (int64_t{batch_size_of(options)} + options.max_queued_requests) * request +
         int64_t{FormatCompiler::kMaxKept} * kFormatBytes +
         FormatVocabulary::planned_bytes(vocab_size);
}

BlockManagerOptions block_options(const EngineOptions& options) {
  return {.num_blocks = num_cache_blocks_of(options),
          .block_size = kBlockSize,
          .prefix_cache = options.prefix_cache};
}

}  // namespace

Result<LoadOptions> load_options(const OpenedModel& opened, const EngineOptions& options) {
  const auto policy = read_weight_policy(opened, options.weights);
  RETURN_IF_ERROR(policy);
  const auto place = parse_weight_place(options.load);
  RETURN_IF_ERROR(place);
  const auto environment = [](const char* variable) -> const char* {
    return std::getenv(variable);
  };
  return LoadOptions{.isa = options.isa,
                     .num_threads = options.num_threads,
                     .weights = *policy,
                     .place = *place,
                     .precise_layers = options.precise_layers,
                     .pack_cache = find_pack_cache(options.pack_cache, environment)};
}

ModelExecutorLimits executor_limits(const EngineOptions& options) {
  return {.max_batch_size = batch_size_of(options),
          .max_step_tokens = options.max_step_tokens,
          .num_blocks = num_cache_blocks_of(options),
          .cache_dtype = cache_dtype_of(options)};
}

Result<LoadedModel*> MemoryPlanner::measure_model(const EngineOptions& options) {
  const std::pair key(options.weights, options.precise_layers);
  const auto known = measured_.find(key);
  if (known != measured_.end()) return &known->second;
  auto how = load_options(opened_, options);
  RETURN_IF_ERROR(how);
  how->memory = MemoryUse::kMeasured;
  auto loaded = load_model(opened_, *how);
  RETURN_IF_ERROR(loaded);
  return &measured_.emplace(key, *std::move(loaded)).first->second;
}

Result<MemoryPlan> MemoryPlanner::plan(const EngineOptions& options) {
  const auto config = read_model_config(opened_);
  RETURN_IF_ERROR(config);
  RETURN_IF_ERROR(validate(options, config->max_position_embeddings));
  const auto model = measure_model(options);
  RETURN_IF_ERROR(model);
  const LoadedModel& loaded = **model;
  const ModelExecutorLimits limits = executor_limits(options);
  const auto memory = StepMemory::create(loaded, limits);
  RETURN_IF_ERROR(memory);
  MemoryPlan plan;
  plan.weight_bytes = loaded.weight_bytes;
  plan.are_weights_mapped = loaded.are_weights_mapped;
  plan.loading_bytes = loaded.loading_bytes;
  plan.cache_bytes = memory->cache.bytes();
  const BlockManagerOptions blocks = block_options(options);
  plan.index_bytes = BlockManager::planned_bytes(blocks) +
                     PrefixSketch::planned_bytes(BlockManager::tree_shape(blocks));
  plan.workspace_bytes = memory->workspace.bytes() +
                         ModelRunner::planned_bytes(loaded.config.vocab_size, limits.max_batch_size,
                                                    limits.max_step_tokens);
  plan.request_bytes = request_bytes(options, loaded.config.vocab_size);
  plan.weight_types = loaded.weight_types;
  plan.cache_dtype = to_string(memory->cache.dtype());
  plan.cache_tokens = int64_t{limits.num_blocks} * kBlockSize;
  plan.context_length = options.max_context_tokens;
  return plan;
}

Result<MemoryReport> MemoryPlanner::report(const EngineOptions& options,
                                           std::optional<int64_t> available_bytes) {
  auto own = plan(options);
  RETURN_IF_ERROR(own);
  MemoryReport report = {.plan = *std::move(own),
                         .available_bytes = available_bytes,
                         .program_bytes = resident_memory()};
  if (report.fits()) return report;
  const auto need = [this](const EngineOptions& other) -> Result<int64_t> {
    const auto plan = this->plan(other);
    RETURN_IF_ERROR(plan);
    return plan->start_bytes();
  };
  // A little is left over, so that they fit the next time as well.
  const int64_t budget = *available_bytes - *available_bytes / 32;
  find_remedies({.options = options, .available_bytes = budget, .need = need}, report);
  return report;
}

}  // namespace youtu
