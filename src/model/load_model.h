// From an opened model to one that computes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/thread_pool.h"
#include "formats/open_model.h"
#include "model/youtu_model.h"

namespace youtu {

struct LoadOptions {
  std::string isa = {};  // "" takes YOUTU_ISA from the environment, and chooses if that is unset
  int num_threads = 0;   // 0: as many as the process may use

  bool operator==(const LoadOptions&) const = default;
};

// A model with the threads and the backend that it runs on, destroyed in the right order.
struct LoadedModel {
  ModelConfig config;
  std::unique_ptr<ThreadPool> pool;
  std::unique_ptr<Backend> backend;
  std::unique_ptr<YoutuModel> model;
  int64_t num_parameters = 0;
  int64_t weight_bytes = 0;
  std::string weight_types;           // "BF16 (19 tensors), F32 (26 tensors)"
  std::vector<std::string> warnings;  // tensors that were ignored

  // 16-bit latents, except for a model whose weights are F32 throughout.
  CacheDType cache_dtype() const { return full_precision ? CacheDType::kF32 : CacheDType::kBF16; }
  bool full_precision = false;
};

// Checks everything before it allocates anything. Copies the weights, so that the files may change
// afterwards.
Result<LoadedModel> load_model(const OpenedModel& opened, const LoadOptions& options);

}  // namespace youtu
