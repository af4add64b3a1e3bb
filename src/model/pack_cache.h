// Packed weights kept from one start to the next: a folder of packed files, named after the content
// that they were made from.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/open_model.h"
#include "model/model_config.h"
#include "model/weight_policy.h"
#include "model/weights.h"

namespace youtu {

// Models whose tensors take less are packed sooner than one notices.
inline constexpr int64_t kMinCachedModelBytes = int64_t{64} << 20;
// All files of the folder together.
inline constexpr int64_t kMaxPackCacheBytes = int64_t{32} << 30;

struct PackCacheOptions {
  std::string folder;  // empty: no cache
  int64_t min_model_bytes = kMinCachedModelBytes;
  int64_t max_bytes = kMaxPackCacheBytes;
};

// The folder of a setting: "off", "auto" ($YOUTU_CACHE_DIR, $XDG_CACHE_HOME/youtu or
// $HOME/.cache/youtu, the first that is set), or the folder itself.
PackCacheOptions find_pack_cache(
    std::string_view setting, const std::function<const char*(const char* variable)>& environment);

// What prepared weights depend on, as 32 hexadecimal digits: the layout, the policy, the shape of
// the model, each tensor's name, type and shape and some of its pages, and size and time of the
// files that hold them. Not the whole content: reading it would take as long as packing it. Whoever
// changes weights in place and puts the file's time back is not noticed unless a page that is
// looked at has changed.
std::string pack_cache_key(const OpenedModel& opened, const ModelConfig& config,
                           const WeightPolicy& policy);

// The place of one model's weights in the folder. One thread; several processes may use a folder.
class PackCache {
 public:
  // Unused where there is no folder, or nothing worth keeping: `policy` takes all of the model as
  // it is, it is small, or it is packed itself.
  PackCache(const PackCacheOptions& options, const OpenedModel& opened, const ModelConfig& config,
            const WeightPolicy& policy);

  bool is_used() const { return !path_.empty(); }
  const std::string& path() const { return path_; }

  // The tensors, as a packed model without description, if the folder has them. A file that is
  // damaged is removed, and `news` says so.
  std::optional<OpenedModel> find(std::vector<std::string>& news);
  // The same, but nothing is changed by it.
  std::optional<OpenedModel> look() const;
  // Keeps the weights of `opened`, after making room for them. True if they are kept; otherwise
  // `news` says why not, if the cache is used at all.
  bool store(const Weights& weights, bool full_precision, std::vector<std::string>& news);

 private:
  Result<OpenedModel> open() const;
  Status make_room(int64_t bytes) const;

  PackCacheOptions options_;
  const OpenedModel& opened_;
  const ModelConfig& config_;
  const WeightPolicy& policy_;
  std::string key_;
  std::string path_;
};

}  // namespace youtu
