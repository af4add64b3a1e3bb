// Runs the steps of a benchmark case through a loaded model, sampling included: what the engine's
// thread does, without requests and text.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/bench_plan.h"
#include "bench/step_layout.h"
#include "model/latent_cache.h"
#include "model/load_model.h"
#include "model/workspace.h"
#include "sampling/sampler.h"

namespace youtu {

struct RunTime {
  double seconds = 0;
  double sampling_seconds = 0;  // of them
  int32_t num_steps = 0;
};

class StepRunner {
 public:
  // REQUIRES: `loaded` outlives the runner; max_batch >= 1.
  static Result<StepRunner> create(LoadedModel& loaded, int32_t max_batch);

  // Allocates the cache and fills it with small pseudo-random latents, so that every depth is there
  // without being computed: what a step costs does not depend on the values. Once, before run().
  Status make_cache(int64_t num_blocks);

  // A prompt in steps of kStepTokens with logits of its last token; or one token of every sequence
  // a step, sampled greedily and fed to the next. Fails where the model's logits are no numbers.
  // REQUIRES: the case fits the cache, its batch the runner.
  Result<RunTime> run(const BenchCase& bench_case);

 private:
  StepRunner(LoadedModel& loaded, Workspace workspace, int32_t max_batch);
  Status sample(int32_t batch);

  LoadedModel* loaded_;
  Workspace workspace_;
  std::optional<LatentCache> cache_;
  StepLayout layout_;
  Sampler sampler_;
  std::vector<TokenId> prompt_ids_;  // [kStepTokens]
  std::vector<TokenId> next_ids_;    // [max_batch]
  std::vector<float> logits_;        // [max_batch, vocab_size]
};

}  // namespace youtu
