#include "engine/model_executor.h"

#include "base/check.h"
#include "engine/step.h"
#include "sampling/block_maxima.h"

namespace youtu {

Result<StepMemory> StepMemory::create(const LoadedModel& loaded,
                                      const ModelExecutorLimits& limits) {
  auto cache = LatentCache::create(loaded.config, limits.cache_dtype.value_or(loaded.cache_dtype()),
                                   limits.num_blocks, *loaded.backend);
  RETURN_IF_ERROR(cache);
  auto workspace = Workspace::create(loaded.config, limits.max_step_tokens,
                                     limits.max_batch_size + kMaxStepDraftTokens,
                                     limits.max_batch_size, *loaded.backend);
  RETURN_IF_ERROR(workspace);
  return StepMemory{*std::move(cache), *std::move(workspace)};
}

Result<std::unique_ptr<ModelExecutor>> ModelExecutor::create(LoadedModel loaded,
                                                             const ModelExecutorLimits& limits) {
  auto memory = StepMemory::create(loaded, limits);
  RETURN_IF_ERROR(memory);
  return std::unique_ptr<ModelExecutor>(new ModelExecutor(std::move(loaded), *std::move(memory)));
}

void ModelExecutor::move_latents(std::span<const LatentMove> moves, int32_t shift) {
  loaded_.model->move_latents(moves, shift, memory_.cache, memory_.workspace);
}

Status ModelExecutor::forward(const BatchView& batch, std::span<float> logits) {
  loaded_.model->forward(batch, memory_.cache, memory_.workspace, logits);
  return Status::ok();
}

static_assert(kMaximaColumns == BlockMaxima::kColumns);

std::span<const float> ModelExecutor::block_maxima(int32_t row) const {
  const Activation& maxima = memory_.workspace.maxima;
  return {maxima.row(row), static_cast<size_t>(maxima.cols)};
}

}  // namespace youtu
