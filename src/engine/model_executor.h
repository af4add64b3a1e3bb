// The step executor that is a model: weights, the cache that slots stand for, and the workspace of
// a step.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "engine/step_executor.h"
#include "model/latent_cache.h"
#include "model/load_model.h"
#include "model/workspace.h"

namespace youtu {

struct ModelExecutorLimits {
  int32_t max_batch_size = 0;
  int32_t max_step_tokens = 0;
  int32_t num_blocks = 0;
  std::optional<CacheDType> cache_dtype = std::nullopt;  // the model's choice if nothing
};

// What steps work on beside the weights.
struct StepMemory {
  LatentCache cache;
  Workspace workspace;

  static Result<StepMemory> create(const LoadedModel& loaded, const ModelExecutorLimits& limits);
};

// Engine thread only.
class ModelExecutor final : public StepExecutor {
 public:
  // Allocates cache and workspace; a step allocates nothing.
  static Result<std::unique_ptr<ModelExecutor>> create(LoadedModel loaded,
                                                       const ModelExecutorLimits& limits);

  int32_t vocab_size() const override { return loaded_.config.vocab_size; }
  void move_latents(std::span<const LatentMove> moves, int32_t shift) override;
  Status forward(const BatchView& batch, std::span<float> logits) override;
  std::span<const float> block_maxima(int32_t row) const override;

  const LoadedModel& loaded() const { return loaded_; }
  const StepMemory& memory() const { return memory_; }
  int64_t cache_bytes() const { return memory_.cache.bytes(); }

 private:
  ModelExecutor(LoadedModel loaded, StepMemory memory)
      : loaded_(std::move(loaded)), memory_(std::move(memory)) {}

  LoadedModel loaded_;  // first: the other lives in its backend's memory
  StepMemory memory_;
};

}  // namespace youtu
