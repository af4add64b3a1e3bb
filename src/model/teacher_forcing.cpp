#include "model/teacher_forcing.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/numbers.h"

namespace youtu {

namespace {

Status check_tokens(const ModelConfig& config, std::span<const TokenId> tokens) {
  if (tokens.empty()) return Status::invalid_argument("no tokens (at least 1)", "tokens");
  if (tokens.size() > static_cast<size_t>(config.max_position_embeddings)) {
    return Status::invalid_argument(std::to_string(tokens.size()) + " tokens (at most " +
                                        std::to_string(config.max_position_embeddings) +
                                        ", the model's context)",
                                    "tokens");
  }
  return check_tokens_known(tokens, config.vocab_size);
}

}  // namespace

Status check_tokens_known(std::span<const TokenId> tokens, int32_t vocab_size) {
  for (const TokenId token : tokens) {
    if (token < 0 || token >= vocab_size) {
      return Status::invalid_argument(
          "token " + std::to_string(token) + " (0 to " + std::to_string(vocab_size - 1) + ")",
          "tokens");
    }
  }
  return Status::ok();
}

TeacherForcing::TeacherForcing(LoadedModel& model, Workspace& workspace,
                               const TeacherForcingOptions& options, LatentCache cache)
    : model_(&model),
      workspace_(&workspace),
      options_(options),
      cache_(std::move(cache)),
      indices_(static_cast<size_t>(cache_.num_blocks()) * kBlockSize),
      logits_(static_cast<size_t>(options.chunk) * static_cast<size_t>(model.config.vocab_size)) {
  std::iota(indices_.begin(), indices_.end(), 0);
}

Result<TeacherForcing> TeacherForcing::create(LoadedModel& model, Workspace& workspace,
                                              const TeacherForcingOptions& options,
                                              int32_t max_tokens) {
  CHECK(options.chunk > 0 && max_tokens > 0 && workspace.max_tokens >= options.chunk &&
        workspace.max_logit_rows >= options.chunk);
  auto cache = LatentCache::create(model.config, options.cache_dtype,
                                   div_ceil(max_tokens, kBlockSize), *model.backend);
  if (!cache) return cache.status();
  return TeacherForcing(model, workspace, options, std::move(*cache));
}

std::span<const float> TeacherForcing::feed(std::span<const TokenId> tokens) {
  const size_t count = tokens.size(), begin = static_cast<size_t>(num_fed_);
  CHECK(count > 0 && count <= static_cast<size_t>(options_.chunk) &&
        begin + count <= indices_.size());
  num_fed_ += static_cast<int32_t>(count);
  // The sequence owns the whole cache: block i is its i-th, so slots are positions.
  const std::span<const int32_t> positions = std::span(indices_).subspan(begin, count);
  const SequenceSlice sequence = {
      .query_start = 0,
      .num_queries = static_cast<int32_t>(count),
      .context_length = num_fed_,
      .block_table = std::span(indices_).first(static_cast<size_t>(cache_.num_blocks()))};
  const BatchView batch = {.token_ids = tokens,
                           .positions = positions,
                           .slot_mapping = positions,
                           .sequences = {&sequence, 1},
                           .logit_rows = std::span(indices_).first(count)};
  const auto rows =
      std::span(logits_).first(count * static_cast<size_t>(model_->config.vocab_size));
  model_->model->forward(batch, cache_, *workspace_, rows, options_.attention);
  return rows;
}

Status run_teacher_forced(LoadedModel& model, std::span<const TokenId> tokens,
                          const TeacherForcingOptions& options,
                          const std::function<Status(std::span<const float> logits)>& take) {
  RETURN_IF_ERROR(check_tokens(model.config, tokens));
  const auto total = static_cast<int32_t>(tokens.size());
  TeacherForcingOptions fitted = options;
  fitted.chunk = std::clamp(options.chunk, 1, total);
  auto workspace = Workspace::create(model.config, fitted.chunk, fitted.chunk, 1, *model.backend);
  if (!workspace) return workspace.status();
  auto forcing = TeacherForcing::create(model, *workspace, fitted, total);
  if (!forcing) return forcing.status();
  for (size_t begin = 0; begin < tokens.size(); begin += static_cast<size_t>(fitted.chunk)) {
    const size_t count = std::min(static_cast<size_t>(fitted.chunk), tokens.size() - begin);
    RETURN_IF_ERROR(take(forcing->feed(tokens.subspan(begin, count))));
  }
  return Status::ok();
}

}  // namespace youtu
