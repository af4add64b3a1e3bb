// The weights of a Hugging Face folder: one safetensors file, or shards and the index that names
// them.
#include <map>
#include <set>

#include "base/check.h"
#include "formats/printable.h"
#include "formats/safetensors.h"
#include "formats/tensor_table.h"

namespace youtu {

namespace {

constexpr std::string_view kSingleFile = "model.safetensors";
constexpr std::string_view kIndexFile = "model.safetensors.index.json";
constexpr size_t kMaxShards = 1'024;
constexpr JsonLimits kIndexLimits = {.max_bytes = 32u << 20, .max_depth = 4, .max_nodes = 100'000};

struct Shards {
  std::vector<MappedFile> files;
  std::vector<TensorView> tensors;
  std::map<std::string, std::string, std::less<>> shard_of;  // by tensor name, as the files say
};

Status add_shard(const ModelFolder& folder, const std::string& name, Shards& shards) {
  auto file = folder.map(name);
  RETURN_IF_ERROR(file);
  auto tensors = parse_safetensors(file->bytes());
  const std::string where = folder.path_of(name) + ": ";
  if (!tensors) return tensors.status().with_prefix(where);
  for (TensorView& tensor : *tensors) {
    const auto [other, is_new] = shards.shard_of.emplace(tensor.name, name);
    if (!is_new) {
      return Status::invalid_argument(where + "duplicate tensor name " + printable(tensor.name) +
                                      ", which " + printable(other->second) + " holds as well");
    }
    shards.tensors.push_back(std::move(tensor));
  }
  shards.files.push_back(*std::move(file));
  return Status::ok();
}

// Tensor name -> shard name, as the index says.
Result<std::map<std::string, std::string>> read_weight_map(const ModelFolder& folder) {
  const std::string where = folder.path_of(kIndexFile) + ": ";
  const auto index = folder.read_json(std::string(kIndexFile), kIndexLimits);
  RETURN_IF_ERROR(index);
  const auto weight_map = index->is_object() ? index->find("weight_map") : index->end();
  if (!index->is_object() || weight_map == index->end() || !weight_map->is_object()) {
    return Status::invalid_argument(where + "weight_map is missing or no object");
  }
  std::map<std::string, std::string> shard_of;
  for (const auto& [tensor, shard] : weight_map->items()) {
    if (!shard.is_string() || !shard.get_ref<const std::string&>().ends_with(".safetensors")) {
      return Status::invalid_argument(where + "the shard of tensor " + printable(tensor) +
                                      " is no .safetensors file name");
    }
    shard_of.emplace(tensor, shard.get<std::string>());
  }
  return shard_of;
}

Result<Shards> open_shards(const ModelFolder& folder, std::vector<std::string>& warnings) {
  const auto shard_of = read_weight_map(folder);
  RETURN_IF_ERROR(shard_of);
  const std::string where = folder.path_of(kIndexFile) + ": ";
  std::set<std::string> names;
  for (const auto& [tensor, shard] : *shard_of) names.insert(shard);
  if (names.empty() || names.size() > kMaxShards) {
    return Status::invalid_argument(where + std::to_string(names.size()) + " shards (1 to " +
                                    std::to_string(kMaxShards) + ")");
  }
  Shards shards;
  for (const std::string& name : names) {
    if (Status status = add_shard(folder, name, shards); !status) return status;
  }
  for (const auto& [tensor, shard] : *shard_of) {
    const auto found = shards.shard_of.find(tensor);
    if (found == shards.shard_of.end() || found->second != shard) {
      return Status::invalid_argument(where + "tensor " + printable(tensor) +
                                      " is not in its shard " + printable(shard));
    }
  }
  if (shards.tensors.size() > shard_of->size()) {
    warnings.push_back(where + std::to_string(shards.tensors.size() - shard_of->size()) +
                       " tensors of the shards are not in the index");
  }
  return shards;
}

// Why a folder has no weights that we read: it may have others.
Status no_weights(const ModelFolder& folder) {
  for (const std::string& name : folder.file_names()) {
    if (name.ends_with(".bin") || name.ends_with(".pt") || name.ends_with(".pth")) {
      return Status::invalid_argument(
          folder.path_of(name) +
          ": pickled weights can run code and are not read (convert them to safetensors)");
    }
    if (name.ends_with(".gguf")) {
      return Status::invalid_argument(folder.path() +
                                      ": model directory has no model.safetensors (to open " +
                                      folder.path_of(name) + ", give its path)");
    }
  }
  return Status::not_found(folder.path() + ": model directory has no " + std::string(kSingleFile) +
                           " and no " + std::string(kIndexFile));
}

}  // namespace

Result<std::unique_ptr<TensorSource>> open_safetensors(const ModelFolder& folder,
                                                       std::vector<std::string>& warnings) {
  Shards shards;
  if (folder.has(kSingleFile)) {
    if (Status status = add_shard(folder, std::string(kSingleFile), shards); !status) return status;
  } else if (folder.has(kIndexFile)) {
    auto opened = open_shards(folder, warnings);
    RETURN_IF_ERROR(opened);
    shards = *std::move(opened);
  } else {
    return no_weights(folder);
  }
  auto table = TensorTable::create(std::move(shards.files), std::move(shards.tensors));
  if (!table) return table.status().with_prefix(folder.path() + ": ");
  return std::unique_ptr<TensorSource>(*std::move(table));
}

}  // namespace youtu
