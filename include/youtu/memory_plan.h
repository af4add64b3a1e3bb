// What a configuration takes of memory, known before any of it is taken.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace youtu {

struct MemoryPlan {
  // Taken at the start and kept.
  int64_t weight_bytes = 0;
  bool are_weights_mapped = false;  // pages of a .youtu file; a step reads all of them
  int64_t cache_bytes = 0;          // of latents
  int64_t index_bytes = 0;          // what the cache's blocks hold, and who holds them
  int64_t workspace_bytes = 0;      // activations, logits, scratch of backend and sampler
  // The most that loading takes beside the weights, given back before the rest is taken.
  int64_t loading_bytes = 0;
  // Taken as requests come: what all that may run and wait take at most.
  int64_t request_bytes = 0;

  std::string weight_types;  // "BF16 (386 tensors)"
  std::string cache_dtype;   // "f32", "bf16" or "int8"
  int64_t cache_tokens = 0;
  int64_t context_length = 0;  // of one request

  // The most that is taken at once before the first request.
  int64_t start_bytes() const {
    return weight_bytes + std::max(loading_bytes, cache_bytes + index_bytes + workspace_bytes);
  }
};

// One or several settings with which the configuration would fit.
struct MemoryRemedy {
  std::string change;  // "max_batch_size 3"
  int64_t start_bytes = 0;
};

struct MemoryReport {
  MemoryPlan plan;
  // Nothing where the system does not tell.
  std::optional<int64_t> available_bytes = std::nullopt;
  int64_t program_bytes = 0;  // that this process has already: the program and the tokenizer
  // If it does not fit: at most three, the one that costs least in quality first. None if no
  // setting is small enough; then `least_bytes` is what the smallest take.
  std::vector<MemoryRemedy> remedies = {};
  int64_t least_bytes = 0;

  bool fits() const { return !available_bytes || plan.start_bytes() <= *available_bytes; }
};

}  // namespace youtu
