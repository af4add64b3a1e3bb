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

Result<Json> read_object(const ModelFolder& folder, std::string_view name,
                         const JsonLimits& limits) {
  auto json = folder.read_json(std::string(name), limits);
  RETURN_IF_ERROR(json);
  if (!json->is_object()) return bad(folder.path_of(name) + ": is no JSON object");
  return json;
}

// An empty text where there is no such file.
Result<std::string> read_optional(const ModelFolder& folder, std::string_view name,
                                  size_t max_bytes) {
  if (!folder.has(name)) return std::string();
  return folder.read(std::string(name), max_bytes);
}

Result<Json> read_config(const ModelFolder& folder, std::vector<std::string>& warnings) {
  if (!folder.has(kConfigFile)) {
    return Status::not_found(folder.path() + ": model directory has no " +
                             std::string(kConfigFile));
  }
  auto config = read_object(folder, kConfigFile, kConfigLimits);
  if (config && config->contains("auto_map")) {
    warnings.push_back(folder.path_of(kConfigFile) +
                       ": auto_map is ignored (no code of a model is ever run)");
  }
  return config;
}

// The ids of both files, after those that the tokenizer knows of.
Status add_eos_ids(const ModelFolder& folder, std::string_view name, const Json& config,
                   std::vector<TokenId>& ids) {
  const auto more = read_eos_ids(config);
  if (!more) return more.status().with_prefix(folder.path_of(name) + ": ");
  for (const TokenId id : *more) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  return Status::ok();
}

// A model without a tokenizer is a warning, not an error: it can be evaluated on token ids.
Status read_vocab(const ModelFolder& folder, OpenedModel& model) {
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

Result<OpenedModel> open_hugging_face(const std::string& path) {
  const auto folder = ModelFolder::open(path);
  RETURN_IF_ERROR(folder);
  OpenedModel model;
  model.path = path;
  model.format = "Hugging Face folder";
  model.description_name = folder->path_of(kConfigFile);
  auto config = read_config(*folder, model.warnings);
  RETURN_IF_ERROR(config);
  auto generation_config = folder->has(kGenerationConfigFile)
                               ? read_object(*folder, kGenerationConfigFile, kConfigLimits)
                               : Result<Json>(Json::object());
  RETURN_IF_ERROR(generation_config);
  RETURN_IF_ERROR(read_vocab(*folder, model));
  RETURN_IF_ERROR(add_eos_ids(*folder, kConfigFile, *config, model.vocab.eos_ids));
  RETURN_IF_ERROR(
      add_eos_ids(*folder, kGenerationConfigFile, *generation_config, model.vocab.eos_ids));
  auto tensors = open_safetensors(*folder, model.warnings);
  RETURN_IF_ERROR(tensors);
  model.tensors = *std::move(tensors);
  model.description = *std::move(config);
  model.generation_config = *std::move(generation_config);
  return model;
}

}  // namespace youtu
