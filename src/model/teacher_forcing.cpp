#include "model/teacher_forcing.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

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
  for (const TokenId token : tokens) {
    if (token < 0 || token >= config.vocab_size) {
      return Status::invalid_argument("token " + std::to_string(token) + " (0 to " +
                                          std::to_string(config.vocab_size - 1) + ")",
                                      "tokens");
    }
  }
  return Status::ok();
}

}  // namespace

Status run_teacher_forced(LoadedModel& loaded, std::span<const TokenId> tokens,
                          const TeacherForcingOptions& options,
                          const std::function<Status(std::span<const float> logits)>& take) {
  RETURN_IF_ERROR(check_tokens(loaded.config, tokens));
  const auto total = static_cast<int32_t>(tokens.size());
  const int32_t chunk = std::clamp(options.chunk, 1, total);
  const int32_t num_blocks = div_ceil(total, kBlockSize);
  auto cache = LatentCache::create(loaded.config, options.cache_dtype, num_blocks, *loaded.backend);
  if (!cache) return cache.status();
  auto workspace = Workspace::create(loaded.config, chunk, chunk, 1, *loaded.backend);
  if (!workspace) return workspace.status();

  // The sequence owns the whole cache: block i is its i-th, so slots are positions.
  std::vector<int32_t> indices(static_cast<size_t>(num_blocks * kBlockSize));
  std::iota(indices.begin(), indices.end(), 0);
  std::vector<float> logits(static_cast<size_t>(chunk) *
                            static_cast<size_t>(loaded.config.vocab_size));
  for (int32_t begin = 0; begin < total; begin += chunk) {
    const auto count = static_cast<size_t>(std::min(chunk, total - begin));
    const std::span<const int32_t> positions =
        std::span(indices).subspan(static_cast<size_t>(begin), count);
    const SequenceSlice sequence = {
        .query_start = 0,
        .num_queries = static_cast<int32_t>(count),
        .context_length = begin + static_cast<int32_t>(count),
        .block_table = std::span(indices).first(static_cast<size_t>(num_blocks))};
    const BatchView batch = {.token_ids = tokens.subspan(static_cast<size_t>(begin), count),
                             .positions = positions,
                             .slot_mapping = positions,
                             .sequences = {&sequence, 1},
                             .logit_rows = std::span(indices).first(count)};
    const auto rows =
        std::span(logits).first(count * static_cast<size_t>(loaded.config.vocab_size));
    loaded.model->forward(batch, *cache, *workspace, rows, options.attention);
    RETURN_IF_ERROR(take(rows));
  }
  return Status::ok();
}

}  // namespace youtu
