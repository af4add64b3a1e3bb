#include "model/pack_cache.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/check.h"
#include "base/content_hash.h"
#include "base/new_file.h"
#include "formats/packed_model.h"
#include "model/packed_weights.h"
#include "model/tensor_names.h"
#include "tensor/levels.h"

namespace youtu {

namespace {

namespace fs = std::filesystem;

constexpr size_t kKeyDigits = 32;
constexpr auto kLeftoverAge = std::chrono::hours(24);

// The first page, the last one, and some between at equal distances.
void add_samples(ByteSpan bytes, ContentHash& hash) {
  constexpr size_t kSampleBytes = 4096, kNumSamples = 8;
  if (bytes.size() <= kSampleBytes * kNumSamples) return hash.add(bytes);
  const size_t step = (bytes.size() - kSampleBytes) / (kNumSamples - 1);
  for (size_t i = 0; i + 1 < kNumSamples; ++i) hash.add(bytes.subspan(i * step, kSampleBytes));
  hash.add(bytes.last(kSampleBytes));
}

void add_config(const ModelConfig& c, ContentHash& hash) {
  for (const int32_t size :
       {c.hidden_size, c.intermediate_size, c.num_hidden_layers, c.num_attention_heads,
        c.q_lora_rank, c.kv_lora_rank, c.qk_nope_head_dim, c.qk_rope_head_dim, c.v_head_dim,
        c.vocab_size, int32_t{c.tie_word_embeddings}}) {
    hash.add_number(size);
  }
}

std::vector<const TensorView*> used_tensors(const OpenedModel& opened, const ModelConfig& config) {
  std::vector<const TensorView*> tensors;
  for (const ExpectedTensor& expected :
       expected_tensors(config, name_style(opened), has_split_kv_b(opened))) {
    const TensorView* tensor = opened.tensors->find(expected.file_name);
    if (tensor != nullptr) tensors.push_back(tensor);
  }
  return tensors;
}

bool is_changed_by(const TensorView& matrix, const WeightForm& form) {
  switch (form.kind) {
    case WeightForm::Kind::kExact:
      return false;
    case WeightForm::Kind::kAuto:
      return find_repacking(matrix.dtype).has_value();
    case WeightForm::Kind::kBF16:
      return matrix.dtype != DType::kBF16;
    case WeightForm::Kind::kPacked:
      return true;
  }
  UNREACHABLE();
}

// Whether any form of the policy would change any matrix: then packing takes a while.
bool is_worth_keeping(const std::vector<const TensorView*>& tensors, const WeightPolicy& policy,
                      int64_t min_bytes) {
  int64_t bytes = 0;
  bool is_changed = false;
  for (const TensorView* tensor : tensors) {
    bytes += static_cast<int64_t>(tensor->data.size());
    if (tensor->shape.size() < 2) continue;
    is_changed = is_changed ||
                 std::any_of(policy.forms.begin(), policy.forms.end(),
                             [&](const WeightForm& form) { return is_changed_by(*tensor, form); });
  }
  return is_changed && bytes >= min_bytes;
}

bool is_cache_file(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.size() == kKeyDigits + kPackedFileSuffix.size() &&
         name.ends_with(kPackedFileSuffix) &&
         name.find_first_not_of("0123456789abcdef") == kKeyDigits;
}

struct CacheFile {
  fs::path path;
  int64_t bytes = 0;
  fs::file_time_type last_used;
};

// The folder's files, least recently used first. What processes that were killed left unfinished is
// removed on the way.
std::vector<CacheFile> list_files(const std::string& folder) {
  std::vector<CacheFile> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;  // by another process
    const auto last_used = fs::last_write_time(it->path(), gone);
    if (gone) continue;
    if (it->path().extension() == NewFile::kTemporarySuffix) {
      if (fs::file_time_type::clock::now() - last_used > kLeftoverAge) fs::remove(it->path(), gone);
    } else if (is_cache_file(it->path())) {
      const auto bytes = static_cast<int64_t>(fs::file_size(it->path(), gone));
      if (!gone) files.push_back({it->path(), bytes, last_used});
    }
  }
  std::sort(files.begin(), files.end(),
            [](const CacheFile& a, const CacheFile& b) { return a.last_used < b.last_used; });
  return files;
}

}  // namespace

PackCacheOptions find_pack_cache(
    std::string_view setting, const std::function<const char*(const char* variable)>& environment) {
  PackCacheOptions options;
  if (setting == "off") return options;
  if (setting != "auto") {
    options.folder = setting;
    return options;
  }
  const struct {
    const char* variable;
    const char* folder;  // under its value
  } places[] = {{"YOUTU_CACHE_DIR", ""}, {"XDG_CACHE_HOME", "youtu"}, {"HOME", ".cache/youtu"}};
  for (const auto& place : places) {
    const char* value = environment(place.variable);
    // A relative path would be another folder for every working directory.
    if (value == nullptr || !fs::path(value).is_absolute()) continue;
    options.folder = (*place.folder == '\0' ? fs::path(value) : fs::path(value) / place.folder);
    break;
  }
  return options;
}

std::string pack_cache_key(const OpenedModel& opened, const ModelConfig& config,
                           const WeightPolicy& policy) {
  ContentHash hash;
  hash.add_text("packed weights");
  hash.add_number(kPackedFileVersion);
  hash.add_number(kPackedLayoutVersion);
  hash.add_text(to_string(policy));
  add_config(config, hash);
  for (const MappedFile& file : opened.tensors->files()) {
    hash.add_number(static_cast<int64_t>(file.bytes().size()));
    hash.add_number(file.modified_ns());
  }
  for (const TensorView* tensor : used_tensors(opened, config)) {
    hash.add_text(tensor->name);
    hash.add_text(tensor->type_name());
    for (const int64_t dimension : tensor->shape) hash.add_number(dimension);
    hash.add_number(static_cast<int64_t>(tensor->data.size()));
    add_samples(tensor->data, hash);
  }
  return hash.hexadecimal_128();
}

PackCache::PackCache(const PackCacheOptions& options, const OpenedModel& opened,
                     const ModelConfig& config, const WeightPolicy& policy)
    : options_(options), opened_(opened), config_(config), policy_(policy) {
  if (options.folder.empty() || opened.packed ||
      !is_worth_keeping(used_tensors(opened, config), policy, options.min_model_bytes)) {
    return;
  }
  key_ = pack_cache_key(opened, config, policy);
  path_ = (fs::path(options.folder) / (key_ + std::string(kPackedFileSuffix))).string();
}

Result<OpenedModel> PackCache::open() const {
  auto packed = open_packed_file(path_);
  RETURN_IF_ERROR(packed);
  OpenedModel cached;
  cached.path = path_;
  cached.packed = std::move(packed->origin);
  cached.tensors = std::move(packed->tensors);
  const auto warnings = check_tensors(cached, config_);
  RETURN_IF_ERROR(warnings);
  if (cached.packed->key != key_) {
    return Status::invalid_argument(path_ + ": is the file of another model");
  }
  return cached;
}

std::optional<OpenedModel> PackCache::look() const {
  std::error_code error;
  if (!is_used() || !fs::exists(path_, error)) return std::nullopt;
  auto cached = open();
  if (!cached) return std::nullopt;
  return *std::move(cached);
}

std::optional<OpenedModel> PackCache::find(std::vector<std::string>& news) {
  std::error_code error;
  if (!is_used() || !fs::exists(path_, error)) return std::nullopt;
  auto cached = open();
  if (!cached) {
    const Status& status = cached.status();
    if (status.code() == StatusCode::kNotFound) return std::nullopt;  // removed just now
    news.push_back(status.message() + "; it is removed and made again");
    fs::remove(path_, error);
    return std::nullopt;
  }
  // The time of a file is that of its last use, by which room is made.
  (void)::utimensat(AT_FDCWD, path_.c_str(), nullptr, 0);
  return *std::move(cached);
}

Status PackCache::make_room(int64_t bytes) const {
  std::error_code error;
  fs::create_directories(options_.folder, error);
  if (error) return Status::invalid_argument(options_.folder + ": " + error.message());
  if (bytes > options_.max_bytes) {
    return Status::resource_exhausted(path_ + ": " + std::to_string(bytes >> 20) +
                                      " MiB are more than the cache may hold (" +
                                      std::to_string(options_.max_bytes >> 20) + " MiB)");
  }
  const std::vector<CacheFile> files = list_files(options_.folder);
  int64_t total = bytes;
  for (const CacheFile& file : files) total += file.bytes;
  for (const CacheFile& file : files) {
    if (total <= options_.max_bytes) break;
    // A process that has it mapped keeps what it has.
    if (fs::remove(file.path, error)) total -= file.bytes;
  }
  return Status::ok();
}

bool PackCache::store(const Weights& weights, bool full_precision, std::vector<std::string>& news) {
  if (!is_used()) return false;
  Status status =
      make_room(static_cast<int64_t>(packed_file_bytes(packed_tensors(config_, weights))));
  if (status) {
    status = write_packed_model(opened_, config_, weights,
                                {.path = path_,
                                 .weights = to_string(policy_),
                                 .key = key_,
                                 .full_precision = full_precision,
                                 .replaces = true});
  }
  if (!status) news.push_back("packed weights are not kept: " + status.message());
  return status.is_ok();
}

}  // namespace youtu
