#include "engine/engine_options.h"

#include <fmt/format.h>

#include "backend/batch_view.h"
#include "base/check.h"
#include "base/numbers.h"
#include "cache/block_pool.h"

namespace youtu {
namespace {

Status check_range(std::string_view name, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return Status::ok();
  return Status::invalid_argument(fmt::format("{} is {} ({} to {})", name, value, low, high),
                                  std::string(name), "out_of_range");
}

// In 64 bits, because nothing has bounded the product yet.
int64_t count_cache_blocks(const EngineOptions& options) {
  if (options.cache_tokens > 0) {
    return div_ceil(options.cache_tokens, int64_t{kBlockSize});
  }
  return int64_t{batch_size_of(options)} *
         div_ceil(options.max_context_tokens, int64_t{kBlockSize});
}

struct CacheType {
  std::string_view name;
  std::optional<CacheDType> dtype;
};
constexpr CacheType kCacheTypes[] = {{"auto", std::nullopt},
                                     {"f32", CacheDType::kF32},
                                     {"bf16", CacheDType::kBF16},
                                     {"int8", CacheDType::kInt8}};

const CacheType* find_cache_type(std::string_view name) {
  for (const CacheType& type : kCacheTypes) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

}  // namespace

Status validate_changeable(const EngineOptions& options) {
  RETURN_IF_ERROR(check_range("batch_timeout_ms", options.batch_timeout_ms, 0, kMaxBatchTimeoutMs));
  RETURN_IF_ERROR(
      check_range("max_queued_requests", options.max_queued_requests, 0, kMaxQueuedRequests));
  RETURN_IF_ERROR(check_range("step_timeout_ms", options.step_timeout_ms, 0, kMaxStepTimeoutMs));
  RETURN_IF_ERROR(check_range("max_queued_tokens", options.max_queued_tokens, 0, kMaxQueuedTokens));
  if (options.prefill_slowdown_percent == 0) return Status::ok();
  return check_range("prefill_slowdown_percent", options.prefill_slowdown_percent,
                     kMinPrefillSlowdown, kMaxPrefillSlowdown);
}

Status validate(const EngineOptions& options, int64_t model_context_length) {
  constexpr int64_t kMaxCacheTokens = int64_t{kMaxBlocks} * kBlockSize;
  RETURN_IF_ERROR(
      check_range("max_context_tokens", options.max_context_tokens, 2, model_context_length));
  RETURN_IF_ERROR(check_range("max_batch_size", options.max_batch_size, 1, kMaxBatchSize));
  // A step must hold a token of each of its sequences, or some would starve.
  RETURN_IF_ERROR(check_range("max_step_tokens", options.max_step_tokens, batch_size_of(options),
                              kMaxStepTokens));
  RETURN_IF_ERROR(validate_changeable(options));
  RETURN_IF_ERROR(check_range("num_threads", options.num_threads, 0, kMaxThreads));
  RETURN_IF_ERROR(check_range("precise_layers", options.precise_layers, 0, kMaxPreciseLayers));
  if (options.cache_tokens != 0) {
    // The longest request alone must fit, or it would wait for ever.
    RETURN_IF_ERROR(check_range("cache_tokens", options.cache_tokens, options.max_context_tokens,
                                kMaxCacheTokens));
  }
  if (find_cache_type(options.cache_dtype) == nullptr) {
    return Status::invalid_argument(fmt::format("cache_dtype is \"{}\" (auto, f32, bf16 or int8)",
                                                options.cache_dtype.substr(0, 32)),
                                    "cache_dtype");
  }
  if (count_cache_blocks(options) > kMaxBlocks) {
    return Status::invalid_argument(
        fmt::format("max_batch_size * max_context_tokens is {} tokens of cache (at most {}); set "
                    "cache_tokens",
                    int64_t{batch_size_of(options)} * options.max_context_tokens, kMaxCacheTokens),
        "max_context_tokens", "out_of_range");
  }
  return Status::ok();
}

std::optional<CacheDType> cache_dtype_of(const EngineOptions& options) {
  const CacheType* type = find_cache_type(options.cache_dtype);
  CHECK(type != nullptr);
  return type->dtype;
}

std::string_view to_string(CacheDType dtype) {
  for (const CacheType& type : kCacheTypes) {
    if (type.dtype == dtype) return type.name;
  }
  UNREACHABLE();
}

int32_t batch_size_of(const EngineOptions& options) {
  return options.enable_batching ? options.max_batch_size : 1;
}

int32_t num_cache_blocks_of(const EngineOptions& options) {
  const int64_t num_blocks = count_cache_blocks(options);
  CHECK(num_blocks >= 1 && num_blocks <= kMaxBlocks);
  return static_cast<int32_t>(num_blocks);
}

}  // namespace youtu
