// From an opened model to one that computes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "base/thread_pool.h"
#include "formats/open_model.h"
#include "model/pack_cache.h"
#include "model/weight_policy.h"
#include "model/youtu_model.h"

namespace youtu {

// Where weights that are packed in a file lie while they are used: where the file lies in memory,
// or copied. kAuto copies them where copies get large pages and there is memory for both.
enum class WeightPlace { kAuto, kMapped, kCopied };

// "auto", "map" or "read"; anything else is an error of `load`.
Result<WeightPlace> parse_weight_place(std::string_view text);

struct LoadOptions {
  std::string isa = {};  // "" takes YOUTU_ISA from the environment, and chooses if that is unset
  int num_threads = 0;   // 0: as many as the process may use
  WeightPolicy weights = {};  // as the file has them; of a packed file, what it was made with
  WeightPlace place = WeightPlace::kMapped;
  // How many layers' feed-forward networks, if packed, take inputs of 16 bits instead of 8. The
  // attention of half as many does too: it magnifies less. And down_proj of twice as many: its
  // input, a product, has the longest tails, so its rounding errs most.
  int32_t precise_layers = 0;
  PackCacheOptions pack_cache = {};  // none
  // kMeasured: nothing is read or kept, and the model computes nothing; it says what it would take.
  MemoryUse memory = MemoryUse::kTaken;
  // Puts another backend before the one that computes, such as one that takes the time.
  std::function<std::unique_ptr<Backend>(std::unique_ptr<Backend> inner)> decorate_backend = {};
  std::function<void(double)> on_progress = {};  // told which share of the layers is ready

  // Whether the same is computed; a decorator, or where weights lie, changes nothing of it.
  bool operator==(const LoadOptions& other) const {
    return isa == other.isa && num_threads == other.num_threads && weights == other.weights &&
           precise_layers == other.precise_layers;
  }
};

// A model with the threads and the backend that it runs on, destroyed in the right order.
struct LoadedModel {
  std::shared_ptr<const TensorSource> adopted;  // holds weights that are used where they lie
  ModelConfig config;
  std::unique_ptr<ThreadPool> pool;
  std::unique_ptr<Backend> backend;
  std::unique_ptr<YoutuModel> model;
  int64_t num_parameters = 0;
  int64_t weight_bytes = 0;         // in memory
  bool are_weights_mapped = false;  // they are pages of a file
  int64_t loading_bytes = 0;  // the most that one weight took on its way, beside those that stay
  std::string weight_types;   // of the file, and what became of them: "BF16 (19 tensors), F32 (26
                              // tensors); packed: q4g32 (17), q8g32 (9); precise layers: 2"
  std::string pack_cache;  // what it did: "weights are from ~/.cache/youtu/1f.youtu"; may be empty
  bool has_pack_cache_news = false;   // it was written, or there was trouble with it
  std::vector<std::string> warnings;  // tensors that were ignored

  // Latents as precise as the weights' arithmetic: F32 where weights are F32 throughout, 8 bits
  // where activations are rounded to as many.
  CacheDType cache_dtype() const {
    return full_precision ? CacheDType::kF32 : has_packed ? CacheDType::kInt8 : CacheDType::kBF16;
  }
  bool full_precision = false;
  bool has_packed = false;
};

// The policy of a setting: of `text`, or, for a packed file, the one that it was made with, which
// `text` must name unless it is "auto".
Result<WeightPolicy> read_weight_policy(const OpenedModel& opened, std::string_view text);

// Checks everything before it allocates anything. Copies the weights, so that the files may change
// afterwards; except those of packed files that are used in place, of which the mapping is kept.
Result<LoadedModel> load_model(const OpenedModel& opened, const LoadOptions& options);

}  // namespace youtu
