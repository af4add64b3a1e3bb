#include "formats/tokenizer_pipeline.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "formats/printable.h"

namespace youtu {

namespace {

Status type_error(std::string_view part, std::string_view type) {
  return Status::invalid_argument(std::string(part) + ": the type \"" + printable(type) +
                                  "\" is not supported");
}

Result<std::string> read_type(const Json& json, std::string_view part) {
  if (!json.is_object() || !json.contains("type") || !json["type"].is_string()) {
    return Status::invalid_argument(std::string(part) + ": is no object with a type");
  }
  return json["type"].get<std::string>();
}

Result<std::string> read_string(const Json& json, const char* key, std::string_view part) {
  if (!json.contains(key) || !json[key].is_string()) {
    return Status::invalid_argument(std::string(part) + ": " + key + " is no string");
  }
  return json[key].get<std::string>();
}

Result<bool> read_bool(const Json& json, const char* key, bool fallback, std::string_view part) {
  if (!json.contains(key) || json[key].is_null()) return fallback;
  if (!json[key].is_boolean()) {
    return Status::invalid_argument(std::string(part) + ": " + key + " is no boolean");
  }
  return json[key].get<bool>();
}

struct Pattern {
  std::string text;
  bool is_regex = false;
};

// {"Regex": "..."} or {"String": "..."}.
Result<Pattern> read_pattern(const Json& json, std::string_view part) {
  if (json.contains("pattern") && json["pattern"].is_object() && json["pattern"].size() == 1) {
    for (const auto& [kind, value] : json["pattern"].items()) {
      if (!value.is_string() || (kind != "Regex" && kind != "String")) continue;
      return Pattern{value.get<std::string>(), kind == "Regex"};
    }
  }
  return Status::invalid_argument(std::string(part) + ": the pattern is no Regex or String");
}

// Calls `visit` for every member of nested "Sequence"s, in order. `list_key` names their list.
template <typename Visit>
Status for_each_member(const Json& json, std::string_view part, const char* list_key, Visit visit,
                       size_t depth = 0) {
  if (json.is_null()) return {};
  const auto type = read_type(json, part);
  RETURN_IF_ERROR(type);
  if (*type != "Sequence") return visit(json, *type);
  if (depth >= kMaxPipelineDepth) {
    return Status::invalid_argument(std::string(part) +
                                    ": Sequences are nested to a depth of more than " +
                                    std::to_string(kMaxPipelineDepth));
  }
  if (!json.contains(list_key) || !json[list_key].is_array()) {
    return Status::invalid_argument(std::string(part) + ": a Sequence has no list \"" + list_key +
                                    "\"");
  }
  for (const Json& member : json[list_key]) {
    if (member.is_null()) return Status::invalid_argument(std::string(part) + ": a member is null");
    RETURN_IF_ERROR(for_each_member(member, part, list_key, visit, depth + 1));
  }
  return {};
}

Result<NormalizerStage> read_normalizer_stage(const Json& json, std::string_view type) {
  constexpr std::string_view kPart = "normalizer";
  constexpr std::pair<std::string_view, NormalizerKind> kSimple[] = {
      {"NFC", NormalizerKind::kNfc},
      {"NFD", NormalizerKind::kNfd},
      {"NFKC", NormalizerKind::kNfkc},
      {"NFKD", NormalizerKind::kNfkd},
      {"Lowercase", NormalizerKind::kLowercase},
      {"StripAccents", NormalizerKind::kStripAccents},
  };
  NormalizerStage stage;
  for (const auto& [name, kind] : kSimple) {
    stage.kind = kind;
    if (type == name) return stage;
  }
  if (type == "Strip") {
    const auto left = read_bool(json, "strip_left", true, kPart);
    RETURN_IF_ERROR(left);
    const auto right = read_bool(json, "strip_right", true, kPart);
    RETURN_IF_ERROR(right);
    stage.kind = NormalizerKind::kStrip;
    stage.strip_left = *left;
    stage.strip_right = *right;
    return stage;
  }
  if (type != "Prepend" && type != "Replace") return type_error(kPart, type);
  auto content = read_string(json, type == "Prepend" ? "prepend" : "content", kPart);
  RETURN_IF_ERROR(content);
  stage.content = std::move(*content);
  stage.kind = NormalizerKind::kPrepend;
  if (type == "Prepend") return stage;
  auto pattern = read_pattern(json, kPart);
  RETURN_IF_ERROR(pattern);
  stage.kind = NormalizerKind::kReplace;
  stage.pattern = std::move(pattern->text);
  stage.pattern_is_regex = pattern->is_regex;
  return stage;
}

std::optional<SplitBehavior> behavior_of(std::string_view name) {
  constexpr std::pair<std::string_view, SplitBehavior> kNames[] = {
      {"Removed", SplitBehavior::kRemoved},
      {"Isolated", SplitBehavior::kIsolated},
      {"MergedWithPrevious", SplitBehavior::kMergedWithPrevious},
      {"MergedWithNext", SplitBehavior::kMergedWithNext},
      {"Contiguous", SplitBehavior::kContiguous},
  };
  for (const auto& [known, behavior] : kNames) {
    if (name == known) return behavior;
  }
  return std::nullopt;
}

Result<SplitStage> read_split(const Json& json) {
  constexpr std::string_view kPart = "pre_tokenizer";
  auto pattern = read_pattern(json, kPart);
  RETURN_IF_ERROR(pattern);
  const auto name = read_string(json, "behavior", kPart);
  RETURN_IF_ERROR(name);
  const auto behavior = behavior_of(*name);
  if (!behavior) {
    return Status::invalid_argument("pre_tokenizer: the behavior \"" + printable(*name) +
                                    "\" is not supported");
  }
  const auto invert = read_bool(json, "invert", false, kPart);
  RETURN_IF_ERROR(invert);
  return SplitStage{std::move(pattern->text), pattern->is_regex, *behavior, *invert};
}

// Appends the stages of one pre-tokenizer; true if it was ByteLevel, which must be the last.
Result<bool> append_pre_tokenizer(const Json& json, std::string_view type,
                                  std::vector<PreTokenizerStage>& stages) {
  constexpr std::string_view kPart = "pre_tokenizer";
  if (type == "Split") {
    auto split = read_split(json);
    RETURN_IF_ERROR(split);
    stages.emplace_back(std::move(*split));
    return false;
  }
  if (type == "Digits") {
    const auto individual = read_bool(json, "individual_digits", false, kPart);
    RETURN_IF_ERROR(individual);
    stages.emplace_back(SplitStage{*individual ? R"(\p{N})" : R"(\p{N}+)"});
    return false;
  }
  if (type != "ByteLevel") return type_error(kPart, type);
  const auto prefix_space = read_bool(json, "add_prefix_space", true, kPart);
  RETURN_IF_ERROR(prefix_space);
  const auto use_regex = read_bool(json, "use_regex", true, kPart);
  RETURN_IF_ERROR(use_regex);
  if (*prefix_space) stages.emplace_back(PrefixSpaceStage{});
  if (*use_regex) stages.emplace_back(SplitStage{kGpt2Pattern});
  return true;
}

// The id list of a template's special token.
Status append_special(const Json& processor, const Json& item, std::vector<TokenId>& ids) {
  const Json& special = item["SpecialToken"];
  if (special.is_object() && special.contains("id") && special["id"].is_string() &&
      processor.contains("special_tokens") && processor["special_tokens"].is_object()) {
    const auto& table = processor["special_tokens"];
    const auto entry = table.find(special["id"].get<std::string>());
    if (entry != table.end() && entry->is_object() && entry->contains("ids") &&
        (*entry)["ids"].is_array()) {
      for (const Json& id : (*entry)["ids"]) {
        if (!id.is_number_unsigned() || id.get<uint64_t>() >= kMaxVocabSize) {
          return Status::invalid_argument("post_processor: the id " + printable(dump_json(id)) +
                                          " is not in the vocabulary");
        }
        ids.push_back(id.get<TokenId>());
      }
      return {};
    }
  }
  return Status::invalid_argument("post_processor: a SpecialToken is not in special_tokens");
}

Status append_template_prefix(const Json& processor, std::vector<TokenId>& ids) {
  if (!processor.contains("single") || !processor["single"].is_array()) {
    return Status::invalid_argument("post_processor: TemplateProcessing has no list \"single\"");
  }
  for (const Json& item : processor["single"]) {
    if (!item.is_object()) {
      return Status::invalid_argument("post_processor: an item of the template is no object");
    }
    if (item.contains("Sequence")) return {};
    if (!item.contains("SpecialToken")) {
      return Status::invalid_argument(
          "post_processor: an item of the template is no SpecialToken or Sequence");
    }
    RETURN_IF_ERROR(append_special(processor, item, ids));
  }
  return Status::invalid_argument("post_processor: the template has no Sequence");
}

}  // namespace

Result<std::vector<NormalizerStage>> read_normalizer(const Json& json) {
  std::vector<NormalizerStage> stages;
  const auto visit = [&](const Json& member, const std::string& type) -> Status {
    auto stage = read_normalizer_stage(member, type);
    RETURN_IF_ERROR(stage);
    stages.push_back(std::move(*stage));
    return {};
  };
  RETURN_IF_ERROR(for_each_member(json, "normalizer", "normalizers", visit));
  return stages;
}

Result<std::vector<PreTokenizerStage>> read_pre_tokenizer(const Json& json) {
  std::vector<PreTokenizerStage> stages;
  bool complete = false;
  const auto visit = [&](const Json& member, const std::string& type) -> Status {
    if (complete) {
      return Status::invalid_argument("pre_tokenizer: the type \"" + printable(type) +
                                      "\" after ByteLevel is not supported");
    }
    const auto is_byte_level = append_pre_tokenizer(member, type, stages);
    RETURN_IF_ERROR(is_byte_level);
    complete = *is_byte_level;
    return {};
  };
  RETURN_IF_ERROR(for_each_member(json, "pre_tokenizer", "pretokenizers", visit));
  if (!complete) {
    return Status::invalid_argument(
        "pre_tokenizer: does not end with the type \"ByteLevel\" (only byte-level models are "
        "supported)");
  }
  return stages;
}

Result<std::vector<TokenId>> read_prompt_prefix(const Json& json) {
  std::vector<TokenId> ids;
  const auto visit = [&](const Json& member, const std::string& type) -> Status {
    if (type == "ByteLevel") return {};
    if (type == "TemplateProcessing") return append_template_prefix(member, ids);
    return type_error("post_processor", type);
  };
  RETURN_IF_ERROR(for_each_member(json, "post_processor", "processors", visit));
  return ids;
}

Status check_decoder(const Json& json) {
  size_t num_byte_level = 0;
  const auto visit = [&](const Json&, const std::string& type) -> Status {
    if (type != "ByteLevel") return type_error("decoder", type);
    ++num_byte_level;
    return {};
  };
  RETURN_IF_ERROR(for_each_member(json, "decoder", "decoders", visit));
  if (num_byte_level == 1) return {};
  return Status::invalid_argument("decoder: is not of the type \"ByteLevel\"");
}

}  // namespace youtu
