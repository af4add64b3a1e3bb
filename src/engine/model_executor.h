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

// Engine thread only.
class ModelExecutor final : public StepExecutor {
 public:
  // Allocates cache and workspace; a step allocates nothing.
  static Result<std::unique_ptr<ModelExecutor>> create(LoadedModel loaded,
                                                       const ModelExecutorLimits& limits);

  int32_t vocab_size() const override { return loaded_.config.vocab_size; }
  Status forward(const BatchView& batch, std::span<float> logits) override;

  const LoadedModel& loaded() const { return loaded_; }
  int64_t cache_bytes() const { return cache_.bytes(); }

 private:
  ModelExecutor(LoadedModel loaded, LatentCache cache, Workspace workspace)
      : loaded_(std::move(loaded)), cache_(std::move(cache)), workspace_(std::move(workspace)) {}

  LoadedModel loaded_;  // first: the others live in its backend's memory
  LatentCache cache_;
  Workspace workspace_;
};

}  // namespace youtu
