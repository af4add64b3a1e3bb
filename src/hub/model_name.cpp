// Every part becomes a part of a path or of a URL, so each is held to letters that mean nothing in
// either.
#include "hub/model_name.h"

#include <algorithm>
#include <array>

namespace youtu::hub {

namespace {

constexpr size_t kMaxPartBytes = 96;  // the hubs' own limit for a repository's name

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

bool is_part(std::string_view part) {
  return !part.empty() && part.size() <= kMaxPartBytes && part.front() != '.' &&
         part.front() != '-' && part.back() != '.' && part.find("..") == part.npos &&
         std::all_of(part.begin(), part.end(), is_word_character);
}

Status bad(std::string_view text, std::string_view what) {
  constexpr size_t kMaxShownBytes = 120;
  std::string shown;
  for (const char c : text.substr(0, kMaxShownBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    shown += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  if (text.size() > kMaxShownBytes) shown += "...";
  return Status::invalid_argument(
      "\"" + shown + "\" is no model's name: " + std::string(what) +
          " (owner/name, then :QUANT or :FILE and @REVISION if wanted; letters, digits, . _ -, "
          "each at most 96)",
      "model");
}

}  // namespace

std::string ModelName::text() const {
  std::string text = repository();
  if (!variant.empty()) text += ":" + variant;
  if (!revision.empty()) text += "@" + revision;
  return text;
}

Result<ModelName> parse_model_name(std::string_view text) {
  ModelName model;
  std::string_view rest = text;
  if (const size_t at = rest.find('@'); at != rest.npos) {
    model.revision = rest.substr(at + 1);
    rest = rest.substr(0, at);
    if (!is_part(model.revision)) return bad(text, "the revision after @");
  }
  if (const size_t colon = rest.find(':'); colon != rest.npos) {
    model.variant = rest.substr(colon + 1);
    rest = rest.substr(0, colon);
    if (!is_part(model.variant)) return bad(text, "the part after :");
  }
  const size_t slash = rest.find('/');
  if (slash == rest.npos) return bad(text, "there is no slash");
  model.owner = rest.substr(0, slash);
  model.name = rest.substr(slash + 1);
  if (!is_part(model.owner)) return bad(text, "the owner before the slash");
  if (!is_part(model.name)) return bad(text, "the name after the slash");
  return model;
}

bool is_like_model_name(std::string_view text) {
  constexpr std::array<std::string_view, 3> kFileEndings = {".gguf", ".youtu", ".safetensors"};
  const std::string_view repository = text.substr(0, text.find_first_of(":@"));
  if (std::count(repository.begin(), repository.end(), '/') != 1) return false;
  if (std::any_of(kFileEndings.begin(), kFileEndings.end(),
                  [&](std::string_view ending) { return repository.ends_with(ending); })) {
    return false;
  }
  return parse_model_name(text).is_ok();
}

}  // namespace youtu::hub
