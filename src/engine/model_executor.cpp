#include "engine/model_executor.h"

#include "base/check.h"
#include "engine/step.h"

namespace youtu {

Result<std::unique_ptr<ModelExecutor>> ModelExecutor::create(LoadedModel loaded,
                                                             const ModelExecutorLimits& limits) {
  auto cache = LatentCache::create(loaded.config, limits.cache_dtype.value_or(loaded.cache_dtype()),
                                   limits.num_blocks, *loaded.backend);
  RETURN_IF_ERROR(cache);
  auto workspace = Workspace::create(loaded.config, limits.max_step_tokens,
                                     limits.max_batch_size + kMaxStepDraftTokens,
                                     limits.max_batch_size, *loaded.backend);
  RETURN_IF_ERROR(workspace);
  return std::unique_ptr<ModelExecutor>(
      new ModelExecutor(std::move(loaded), *std::move(cache), *std::move(workspace)));
}

Status ModelExecutor::forward(const BatchView& batch, std::span<float> logits) {
  loaded_.model->forward(batch, cache_, workspace_, logits);
  return Status::ok();
}

}  // namespace youtu
