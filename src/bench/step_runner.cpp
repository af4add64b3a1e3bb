#include "bench/step_runner.h"

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "base/rng.h"
#include "youtu/engine.h"

namespace youtu {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_between(Clock::time_point start, Clock::time_point end) {
  return std::chrono::duration<double>(end - start).count();
}

// As the engine cuts prompts by default.
const int32_t kStepTokens = EngineOptions{}.max_step_tokens;
constexpr uint64_t kSeed = 1;

}  // namespace

Result<StepRunner> StepRunner::create(LoadedModel& loaded, int32_t max_batch) {
  auto workspace = Workspace::create(loaded.config, std::max(kStepTokens, max_batch), max_batch,
                                     max_batch, *loaded.backend);
  RETURN_IF_ERROR(workspace);
  return StepRunner(loaded, *std::move(workspace), max_batch);
}

StepRunner::StepRunner(LoadedModel& loaded, Workspace workspace, int32_t max_batch)
    : loaded_(&loaded),
      workspace_(std::move(workspace)),
      sampler_(loaded.config.vocab_size),
      prompt_ids_(kStepTokens),
      next_ids_(static_cast<size_t>(max_batch)),
      logits_(static_cast<size_t>(max_batch) * static_cast<size_t>(loaded.config.vocab_size)) {
  for (size_t i = 0; i < prompt_ids_.size(); ++i) {
    prompt_ids_[i] = static_cast<TokenId>(random_bits(kSeed, i) %
                                          static_cast<uint64_t>(loaded.config.vocab_size));
  }
}

Status StepRunner::make_cache(int64_t num_blocks) {
  auto cache = LatentCache::create(loaded_->config, loaded_->cache_dtype(),
                                   static_cast<int32_t>(num_blocks), *loaded_->backend);
  RETURN_IF_ERROR(cache);
  cache_ = *std::move(cache);

  // Through the backend's own door, which knows how a latent is kept. The same rows again and
  // again: nothing in a step could tell.
  const Activation latents = workspace_.latent.first_rows(kStepTokens);
  for (int32_t row = 0; row < latents.rows; ++row) {
    for (int32_t i = 0; i < latents.cols; ++i) {
      const auto index = static_cast<uint64_t>(row) * static_cast<uint64_t>(latents.cols) +
                         static_cast<uint64_t>(i);
      latents.row(row)[i] = static_cast<float>(random_unit(kSeed, index) - 0.5);
    }
  }
  const auto total = static_cast<int32_t>(num_blocks * kBlockSize);
  layout_.begin(1, total);
  for (int32_t begin = 0; begin < total; begin += kStepTokens) {
    const int32_t count = std::min(kStepTokens, total - begin);
    const BatchView& batch =
        layout_.lay_out({.begin = begin, .num_tokens = count},
                        std::span(prompt_ids_).first(static_cast<size_t>(count)));
    loaded_->backend->begin_step(batch);
    for (int32_t layer = 0; layer < loaded_->config.num_hidden_layers; ++layer) {
      loaded_->backend->store_latent(latents.first_rows(count), cache_->layer(layer));
    }
  }
  return Status::ok();
}

Result<RunTime> StepRunner::run(const BenchCase& c) {
  CHECK(cache_ && c.num_blocks() <= cache_->num_blocks());
  CHECK(static_cast<size_t>(c.batch) <= next_ids_.size());
  const bool is_prompt = c.kind == BenchKind::kPrompt;
  const auto batch_size = static_cast<size_t>(c.batch);
  const auto end = static_cast<int32_t>(c.length());
  layout_.begin(c.batch, end);
  std::copy_n(prompt_ids_.begin(), batch_size, next_ids_.begin());

  RunTime time;
  const Clock::time_point start = Clock::now();
  for (int32_t position = c.depth; position < end;) {
    const int32_t count = is_prompt ? std::min(kStepTokens, end - position) : 1;
    const bool wants_logits = !is_prompt || position + count == end;
    const BatchView& batch =
        layout_.lay_out({.begin = position, .num_tokens = count, .wants_logits = wants_logits},
                        is_prompt ? std::span(prompt_ids_).first(static_cast<size_t>(count))
                                  : std::span(next_ids_).first(batch_size));
    const size_t num_logits =
        batch.logit_rows.size() * static_cast<size_t>(loaded_->config.vocab_size);
    loaded_->model->forward(batch, *cache_, workspace_, std::span(logits_).first(num_logits));
    if (wants_logits) {
      const Clock::time_point sampling = Clock::now();
      RETURN_IF_ERROR(sample(c.batch));
      time.sampling_seconds += seconds_between(sampling, Clock::now());
    }
    position += count;
    ++time.num_steps;
  }
  time.seconds = seconds_between(start, Clock::now());
  return time;
}

Status StepRunner::sample(int32_t batch) {
  const auto vocab_size = static_cast<size_t>(loaded_->config.vocab_size);
  SamplingParams greedy;
  greedy.temperature = 0;
  const Activation& maxima = workspace_.maxima;
  for (size_t s = 0; s < static_cast<size_t>(batch); ++s) {
    const LogitRow row = {std::span(logits_).subspan(s * vocab_size, vocab_size),
                          {maxima.row(static_cast<int64_t>(s)), static_cast<size_t>(maxima.cols)}};
    const auto token = sampler_.sample(row, greedy, {}, kSeed);
    if (!token) return token.status();
    next_ids_[s] = *token;
  }
  return Status::ok();
}

}  // namespace youtu
