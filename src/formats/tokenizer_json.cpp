#include "formats/tokenizer_json.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "base/json.h"
#include "formats/printable.h"
#include "formats/tokenizer_pipeline.h"

namespace youtu {

namespace {

constexpr JsonLimits kTokenizerLimits{.max_bytes = kMaxTokenizerJsonBytes,
                                      .max_depth = 64,
                                      .max_nodes = 3 * kMaxMerges + kMaxVocabSize};
constexpr JsonLimits kConfigLimits{
    .max_bytes = kMaxTokenizerConfigBytes, .max_depth = 64, .max_nodes = 1u << 20};

const Json& member(const Json& object, const char* key) {
  static const Json kNull;
  const auto it = object.find(key);
  return it == object.end() ? kNull : *it;
}

std::string in_quotes(std::string_view text) {
  return "\"" + printable(text, 40) + "\"";
}

// Ids come from a vocabulary object, a list of added tokens, or keys of added_tokens_decoder.
Result<TokenId> read_id(const Json& json, std::string_view part) {
  if (!json.is_number_unsigned() || json.get<uint64_t>() >= kMaxVocabSize) {
    return Status::invalid_argument(std::string(part) + ": the id " +
                                    printable(dump_json(json), 40) + " is not in 0 to " +
                                    std::to_string(kMaxVocabSize - 1));
  }
  return json.get<TokenId>();
}

Status read_vocab(const Json& json, std::vector<std::string>& pieces) {
  if (!json.is_object() || json.empty()) {
    return Status::invalid_argument("vocab: is missing or empty (an object of pieces and ids)");
  }
  for (const auto& [piece, id_json] : json.items()) {
    const auto id = read_id(id_json, "vocab");
    RETURN_IF_ERROR(id);
    const auto index = static_cast<size_t>(*id);
    if (piece.empty()) {
      return Status::invalid_argument("vocab: the piece of id " + std::to_string(*id) +
                                      " is empty");
    }
    if (index >= pieces.size()) pieces.resize(index + 1);
    if (!pieces[index].empty()) {
      return Status::invalid_argument("vocab: the id " + std::to_string(*id) +
                                      " appears twice, for " + in_quotes(pieces[index]) + " and " +
                                      in_quotes(piece));
    }
    pieces[index] = piece;
  }
  return {};
}

// ["left", "right"], or in older files "left right".
std::optional<Merge> read_merge(const Json& json) {
  if (json.is_array() && json.size() == 2 && json[0].is_string() && json[1].is_string()) {
    return Merge{json[0].get<std::string>(), json[1].get<std::string>()};
  }
  if (!json.is_string()) return std::nullopt;
  const auto& text = json.get_ref<const std::string&>();
  const size_t space = text.find(' ');
  if (space == text.npos || text.find(' ', space + 1) != text.npos) return std::nullopt;
  return Merge{text.substr(0, space), text.substr(space + 1)};
}

Status read_merges(const Json& json, std::vector<Merge>& merges) {
  if (!json.is_array()) return Status::invalid_argument("merges: is missing or no list");
  if (json.size() > kMaxMerges) {
    return Status::invalid_argument("merges: " + std::to_string(json.size()) +
                                    " entries (at most " + std::to_string(kMaxMerges) + ")");
  }
  merges.reserve(json.size());
  for (const Json& item : json) {
    auto merge = read_merge(item);
    if (!merge || merge->left.empty() || merge->right.empty()) {
      return Status::invalid_argument("merges: entry " + std::to_string(merges.size()) +
                                      " is no pair of pieces");
    }
    merges.push_back(std::move(*merge));
  }
  return {};
}

Status read_model(const Json& model, VocabSpec& spec) {
  if (!model.is_object()) return Status::invalid_argument("model: is missing or no object");
  const Json& type = member(model, "type");
  if (!type.is_null() && type != "BPE") {  // the oldest files do not say
    return Status::invalid_argument("model: the type " + in_quotes(dump_json(type)) +
                                    " is not supported");
  }
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (const Json& value = member(model, key); !value.is_null() && value != "") {
      return Status::invalid_argument("model: " + std::string(key) + " is not supported");
    }
  }
  if (const Json& dropout = member(model, "dropout"); !dropout.is_null() && dropout != 0.0) {
    return Status::invalid_argument("model: dropout is not supported");
  }
  const Json& ignore_merges = member(model, "ignore_merges");
  if (!ignore_merges.is_null() && !ignore_merges.is_boolean()) {
    return Status::invalid_argument("model: ignore_merges is no boolean");
  }
  spec.ignore_merges = ignore_merges.is_boolean() && ignore_merges.get<bool>();
  RETURN_IF_ERROR(read_vocab(member(model, "vocab"), spec.pieces));
  return read_merges(member(model, "merges"), spec.merges);
}

Result<AddedToken> read_added_token(const Json& json, const Json& id_json) {
  if (!json.is_object() || !member(json, "content").is_string()) {
    return Status::invalid_argument("added_tokens: an entry has no content");
  }
  const auto id = read_id(id_json, "added_tokens");
  RETURN_IF_ERROR(id);
  AddedToken token;
  token.id = *id;
  token.content = json["content"].get<std::string>();
  const std::pair<const char*, bool*> flags[] = {{"special", &token.control},
                                                 {"lstrip", &token.lstrip},
                                                 {"rstrip", &token.rstrip},
                                                 {"single_word", &token.single_word},
                                                 {"normalized", &token.normalized}};
  for (const auto& [key, flag] : flags) {
    const Json& value = member(json, key);
    if (!value.is_null() && !value.is_boolean()) {
      return Status::invalid_argument("added_tokens: " + std::string(key) + " of " +
                                      in_quotes(token.content) + " is no boolean");
    }
    *flag = value.is_boolean() && value.get<bool>();
  }
  return token;
}

Status read_added_tokens(const Json& json, std::vector<AddedToken>& tokens) {
  if (json.is_null()) return {};
  if (!json.is_array() || json.size() > kMaxAddedTokens) {
    return Status::invalid_argument("added_tokens: is no list of at most " +
                                    std::to_string(kMaxAddedTokens) + " tokens");
  }
  for (const Json& item : json) {
    auto token = read_added_token(item, item.is_object() ? member(item, "id") : Json());
    RETURN_IF_ERROR(token);
    tokens.push_back(std::move(*token));
  }
  return {};
}

// added_tokens_decoder of tokenizer_config.json: only what tokenizer.json does not have itself.
Status read_added_tokens_decoder(const Json& json, std::vector<AddedToken>& tokens) {
  if (json.is_null()) return {};
  if (!json.is_object() || json.size() > kMaxAddedTokens) {
    return Status::invalid_argument("added_tokens_decoder: is no object of at most " +
                                    std::to_string(kMaxAddedTokens) + " tokens");
  }
  std::unordered_map<TokenId, bool> known;
  for (const AddedToken& token : tokens) known[token.id] = true;
  for (const auto& [key, value] : json.items()) {
    const bool is_number =
        !key.empty() && key.size() < 10 &&
        std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; });
    auto token = read_added_token(value, is_number ? Json(std::stoul(key)) : Json(key));
    RETURN_IF_ERROR(token);
    if (known.emplace(token->id, true).second) tokens.push_back(std::move(*token));
  }
  return {};
}

Result<VocabSpec> read_tokenizer(std::string_view text) {
  const auto json = parse_json(text, kTokenizerLimits);
  RETURN_IF_ERROR(json);
  if (!json->is_object()) return Status::invalid_argument("is no JSON object");
  VocabSpec spec;
  RETURN_IF_ERROR(read_model(member(*json, "model"), spec));
  RETURN_IF_ERROR(read_added_tokens(member(*json, "added_tokens"), spec.added_tokens));
  auto normalizer = read_normalizer(member(*json, "normalizer"));
  RETURN_IF_ERROR(normalizer);
  spec.normalizer = std::move(*normalizer);
  auto pre_tokenizer = read_pre_tokenizer(member(*json, "pre_tokenizer"));
  RETURN_IF_ERROR(pre_tokenizer);
  spec.pre_tokenizer = std::move(*pre_tokenizer);
  auto prefix = read_prompt_prefix(member(*json, "post_processor"));
  RETURN_IF_ERROR(prefix);
  spec.prompt_prefix = std::move(*prefix);
  RETURN_IF_ERROR(check_decoder(member(*json, "decoder")));
  return spec;
}

// The id of a token that is named by its content, as a string or an object; nothing if the value is
// null.
Result<std::optional<TokenId>> find_named_token(const Json& config, const char* key,
                                                const VocabSpec& spec) {
  const Json* value = &member(config, key);
  if (value->is_object()) value = &member(*value, "content");
  if (value->is_null()) return std::optional<TokenId>();
  if (!value->is_string()) {
    return Status::invalid_argument(std::string(key) + " is no string or token object");
  }
  const auto& content = value->get_ref<const std::string&>();
  for (const AddedToken& token : spec.added_tokens) {
    if (token.content == content) return std::optional(token.id);
  }
  const auto piece = std::find(spec.pieces.begin(), spec.pieces.end(), content);
  if (content.empty() || piece == spec.pieces.end()) {
    return Status::invalid_argument(std::string(key) + " " + in_quotes(content) +
                                    " is not in tokenizer.json");
  }
  return std::optional(static_cast<TokenId>(piece - spec.pieces.begin()));
}

Status read_add_bos_token(const Json& value, VocabSpec& spec) {
  if (value.is_null()) return {};
  if (!value.is_boolean()) return Status::invalid_argument("add_bos_token is no boolean");
  auto& prefix = spec.prompt_prefix;
  if (!value.get<bool>()) {
    if (spec.bos_id) std::erase(prefix, *spec.bos_id);
    return {};
  }
  if (!spec.bos_id) return Status::invalid_argument("add_bos_token is true without a bos_token");
  if (std::find(prefix.begin(), prefix.end(), *spec.bos_id) == prefix.end()) {
    prefix.insert(prefix.begin(), *spec.bos_id);
  }
  return {};
}

// A string, or a list of {"name", "template"} of which "default" counts, or the only one.
Result<std::string> read_chat_template(const Json& value) {
  if (value.is_null()) return std::string();
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) {
    for (const Json& item : value) {
      if (!item.is_object() || !member(item, "template").is_string()) continue;
      if (value.size() == 1 || member(item, "name") == "default") {
        return item["template"].get<std::string>();
      }
    }
  }
  return Status::invalid_argument("chat_template is no string or list with a template \"default\"");
}

Status read_config(std::string_view text, VocabSpec& spec) {
  const auto json = parse_json(text, kConfigLimits);
  RETURN_IF_ERROR(json);
  if (!json->is_object()) return Status::invalid_argument("is no JSON object");
  RETURN_IF_ERROR(
      read_added_tokens_decoder(member(*json, "added_tokens_decoder"), spec.added_tokens));
  const auto bos = find_named_token(*json, "bos_token", spec);
  RETURN_IF_ERROR(bos);
  const auto eos = find_named_token(*json, "eos_token", spec);
  RETURN_IF_ERROR(eos);
  const auto pad = find_named_token(*json, "pad_token", spec);
  RETURN_IF_ERROR(pad);
  spec.bos_id = *bos;
  spec.pad_id = *pad;
  if (eos->has_value()) spec.eos_ids.push_back(**eos);
  RETURN_IF_ERROR(read_add_bos_token(member(*json, "add_bos_token"), spec));
  auto chat_template = read_chat_template(member(*json, "chat_template"));
  RETURN_IF_ERROR(chat_template);
  spec.chat_template = std::move(*chat_template);
  if (!spec.chat_template.empty()) spec.chat_template_name = "tokenizer_config.json: chat_template";
  return {};
}

}  // namespace

Result<VocabSpec> read_tokenizer_json(const TokenizerFiles& files) {
  auto spec = read_tokenizer(files.tokenizer_json);
  if (!spec) return spec.status().with_prefix("tokenizer.json: ");
  if (!files.tokenizer_config_json.empty()) {
    const Status status = read_config(files.tokenizer_config_json, *spec);
    if (!status.is_ok()) return status.with_prefix("tokenizer_config.json: ");
  }
  if (!files.chat_template_jinja.empty()) {
    spec->chat_template = files.chat_template_jinja;
    spec->chat_template_name = "chat_template.jinja";
  }
  if (spec->chat_template.size() > kMaxChatTemplateBytes) {
    return Status::invalid_argument(
        spec->chat_template_name + ": " + std::to_string(spec->chat_template.size()) +
        " bytes (at most " + std::to_string(kMaxChatTemplateBytes) + ")");
  }
  return spec;
}

}  // namespace youtu
