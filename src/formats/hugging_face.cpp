#include "formats/hugging_face.h"

#include <algorithm>

#include "base/check.h"
#include "formats/model_folder.h"
#include "formats/printable.h"
#include "formats/safetensors.h"
#include "formats/tokenizer_json.h"

namespace youtu {

namespace {

constexpr std::string_view kConfigFile = "config.json";
constexpr std::string_view kGenerationConfigFile = "generation_config.json";
constexpr std::string_view kTokenizerFile = "tokenizer.json";
constexpr std::string_view kTokenizerConfigFile = "tokenizer_config.json";
constexpr std::string_view kTemplateFile = "chat_template.jinja";

constexpr JsonLimits kConfigLimits = {.max_bytes = 1u << 20, .max_depth = 32, .max_nodes = 50'000};
constexpr size_t kMaxEosIds = 64;

Status bad(std::string message) {
  return Status::invalid_argument(std::move(message));
}

class FolderDescription final : public DescriptionFiles {
 public:
  explicit FolderDescription(const ModelFolder& folder) : folder_(folder) {}
  bool has(std::string_view name) const override { return folder_.has(name); }
  Result<std::string> read(const std::string& name, size_t max_bytes) const override {
    return folder_.read(name, max_bytes);
  }
  std::string path_of(std::string_view name) const override { return folder_.path_of(name); }
  std::string place() const override { return folder_.path() + ": model directory"; }

 private:
  const ModelFolder& folder_;
};

Result<Json> read_object(const DescriptionFiles& files, std::string_view name,
                         const JsonLimits& limits) {
  const auto text = files.read(std::string(name), limits.max_bytes);
  RETURN_IF_ERROR(text);
  auto json = parse_json(*text, limits);
  if (!json) return json.status().with_prefix(files.path_of(name) + ": ");
  if (!json->is_object()) return bad(files.path_of(name) + ": is no JSON object");
  return json;
}

// An empty text where there is no such file.
Result<std::string> read_optional(const DescriptionFiles& folder, std::string_view name,
                                  size_t max_bytes) {
  if (!folder.has(name)) return std::string();
  return folder.read(std::string(name), max_bytes);
}

Result<Json> read_config(const DescriptionFiles& folder, std::vector<std::string>& warnings) {
  if (!folder.has(kConfigFile)) {
    return Status::not_found(folder.place() + " has no " + std::string(kConfigFile));
  }
  auto config = read_object(folder, kConfigFile, kConfigLimits);
  if (config && config->contains("auto_map")) {
    warnings.push_back(folder.path_of(kConfigFile) +
                       ": auto_map is ignored (no code of a model is ever run)");
  }
  return config;
}

// The ids of both files, after those that the tokenizer knows of.
Status add_eos_ids(const DescriptionFiles& folder, std::string_view name, const Json& config,
                   std::vector<TokenId>& ids) {
  const auto more = read_eos_ids(config);
  if (!more) return more.status().with_prefix(folder.path_of(name) + ": ");
  for (const TokenId id : *more) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return Status::ok();
}

// A model without a tokenizer is a warning, not an error: it can be evaluated on token ids.
Status read_vocab(const DescriptionFiles& folder, OpenedModel& model) {
  if (!folder.has(kTokenizerFile)) {
    model.warnings.push_back(folder.path_of(kTokenizerFile) +
                             ": is missing, so there is no tokenizer");
    return Status::ok();
  }
  const auto tokenizer = folder.read(std::string(kTokenizerFile), kMaxTokenizerJsonBytes);
  RETURN_IF_ERROR(tokenizer);
  const auto config = read_optional(folder, kTokenizerConfigFile, kMaxTokenizerConfigBytes);
  RETURN_IF_ERROR(config);
  const auto chat_template = read_optional(folder, kTemplateFile, kMaxChatTemplateBytes);
  RETURN_IF_ERROR(chat_template);
  auto vocab = read_tokenizer_json({*tokenizer, *config, *chat_template});
  // Its errors begin with the name of the file.
  if (!vocab) return vocab.status().with_prefix(folder.path_of(""));
  model.vocab = *std::move(vocab);
  model.has_vocab = true;
  return Status::ok();
}

}  // namespace

Result<std::vector<TokenId>> read_eos_ids(const Json& config) {
  const auto it = config.find("eos_token_id");
  std::vector<TokenId> ids;
  if (it == config.end() || it->is_null()) return ids;
  const Json list = it->is_array() ? *it : Json::array({*it});
  if (list.size() > kMaxEosIds) {
    return bad("eos_token_id has " + std::to_string(list.size()) + " ids (at most " +
               std::to_string(kMaxEosIds) + ")");
  }
  for (const Json& id : list) {
    if (!id.is_number_unsigned() || id.get<uint64_t>() > INT32_MAX) {
      return bad("eos_token_id is " + printable(dump_json(id), 40) + " (0 to " +
                 std::to_string(INT32_MAX) + ")");
    }
    ids.push_back(id.get<TokenId>());
  }
  return ids;
}

std::span<const DescriptionFile> description_files() {
  static constexpr DescriptionFile kFiles[] = {
      {kConfigFile, kConfigLimits.max_bytes},   {kGenerationConfigFile, kConfigLimits.max_bytes},
      {kTokenizerFile, kMaxTokenizerJsonBytes}, {kTokenizerConfigFile, kMaxTokenizerConfigBytes},
      {kTemplateFile, kMaxChatTemplateBytes},
  };
  return kFiles;
}

Status read_hugging_face_description(const DescriptionFiles& files, OpenedModel& model) {
  model.description_name = files.path_of(kConfigFile);
  auto config = read_config(files, model.warnings);
  RETURN_IF_ERROR(config);
  auto generation_config = files.has(kGenerationConfigFile)
                               ? read_object(files, kGenerationConfigFile, kConfigLimits)
                               : Result<Json>(Json::object());
  RETURN_IF_ERROR(generation_config);
  RETURN_IF_ERROR(read_vocab(files, model));
  RETURN_IF_ERROR(add_eos_ids(files, kConfigFile, *config, model.vocab.eos_ids));
  RETURN_IF_ERROR(
      add_eos_ids(files, kGenerationConfigFile, *generation_config, model.vocab.eos_ids));
  model.description = *std::move(config);
  model.generation_config = *std::move(generation_config);
  return Status::ok();
}

Result<OpenedModel> open_hugging_face(const std::string& path) {
  const auto folder = ModelFolder::open(path);
  RETURN_IF_ERROR(folder);
  OpenedModel model;
  model.path = path;
  model.format = "Hugging Face folder";
  RETURN_IF_ERROR(read_hugging_face_description(FolderDescription(*folder), model));
  auto tensors = open_safetensors(*folder, model.warnings);
  RETURN_IF_ERROR(tensors);
  model.tensors = *std::move(tensors);
  return model;
}

}  // namespace youtu
