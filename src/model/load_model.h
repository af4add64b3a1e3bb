// From an opened model to one that computes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/thread_pool.h"
#include "formats/open_model.h"
#include "model/weight_policy.h"
#include "model/youtu_model.h"

namespace youtu {

struct LoadOptions {
  std::string isa = {};  // "" takes YOUTU_ISA from the environment, and chooses if that is unset
  int num_threads = 0;   // 0: as many as the process may use
  WeightPolicy weights = {};  // as the file has them
  // Puts another backend before the one that computes, such as one that takes the time.
  std::function<std::unique_ptr<Backend>(std::unique_ptr<Backend> inner)> decorate_backend = {};

  // Whether the same is computed; a decorator changes nothing of it.
  bool operator==(const LoadOptions& other) const {
    return isa == other.isa && num_threads == other.num_threads && weights == other.weights;
  }
};

// A model with the threads and the backend that it runs on, destroyed in the right order.
struct LoadedModel {
  ModelConfig config;
  std::unique_ptr<ThreadPool> pool;
  std::unique_ptr<Backend> backend;
  std::unique_ptr<YoutuModel> model;
  int64_t num_parameters = 0;
  int64_t weight_bytes = 0;  // in memory
  std::string weight_types;  // of the file, and what became of them: "BF16 (19 tensors), F32 (26
                             // tensors); packed: q4g32 (17), q8g32 (9)"
  std::vector<std::string> warnings;  // tensors that were ignored

  // Latents as precise as the weights' arithmetic: F32 where weights are F32 throughout, 8 bits
  // where activations are rounded to as many.
  CacheDType cache_dtype() const {
    return full_precision ? CacheDType::kF32 : has_packed ? CacheDType::kInt8 : CacheDType::kBF16;
  }
  bool full_precision = false;
  bool has_packed = false;
};

// Checks everything before it allocates anything. Copies the weights, so that the files may change
// afterwards.
Result<LoadedModel> load_model(const OpenedModel& opened, const LoadOptions& options);

}  // namespace youtu
