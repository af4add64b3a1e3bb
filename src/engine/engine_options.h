// What the engine's options may be, and what follows from them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "backend/operands.h"
#include "youtu/engine.h"
#include "youtu/status.h"

namespace youtu {

inline constexpr int kMaxBatchSize = 1024;
inline constexpr int kMaxStepTokens = 65536;
inline constexpr int kMaxQueuedRequests = 65536;
inline constexpr int64_t kMaxStepTimeoutMs = int64_t{24} * 3600 * 1000;
inline constexpr int64_t kMaxQueuedTokens = int64_t{1} << 32;
inline constexpr int kMaxBatchTimeoutMs = 60000;
inline constexpr int kMaxThreads = 1024;
inline constexpr int kMinPrefillSlowdown = 110;  // percent
inline constexpr int kMaxPrefillSlowdown = 10000;

// Ok, or the first option out of its range. `model_context_length` bounds max_context_tokens.
Status validate(const EngineOptions& options, int64_t model_context_length);

// Likewise, of those that may change while the engine serves.
Status validate_changeable(const EngineOptions& options);

// What the latent cache is to hold; nothing for "auto", which leaves it to the model. REQUIRES:
// validated options.
std::optional<CacheDType> cache_dtype_of(const EngineOptions& options);
// "f32", "bf16" or "int8".
std::string_view to_string(CacheDType dtype);
// Sequences in a step: max_batch_size, or one without batching.
int32_t batch_size_of(const EngineOptions& options);
// Blocks of the latent cache: enough for cache_tokens, or, when that is 0, for a full batch of the
// longest requests. REQUIRES: validated options.
int32_t num_cache_blocks_of(const EngineOptions& options);

}  // namespace youtu
