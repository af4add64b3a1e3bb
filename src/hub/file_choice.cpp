#include "hub/file_choice.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <utility>

namespace youtu::hub {

namespace {

// Best first. Names as in llama.cpp's file types, of those that this program loads.
constexpr std::array<std::string_view, 20> kByQuality = {
    "Q8_0",   "Q6_K", "Q5_K_M", "Q5_K_S", "Q5_1",   "Q5_0",   "Q4_K_M", "Q4_K_S", "Q4_1", "IQ4_NL",
    "IQ4_XS", "Q4_0", "MXFP4",  "Q3_K_L", "Q3_K_M", "Q3_K_S", "Q2_K",   "BF16",   "F16",  "F32"};

constexpr std::array<std::string_view, 5> kDescriptionFiles = {
    "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
    "chat_template.jinja"};
constexpr std::string_view kSafetensorsIndex = "model.safetensors.index.json";

std::string upper(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

// "-00001-of-00003" at the end of a name without its suffix, which parts of one file have.
std::string_view without_part_number(std::string_view stem) {
  constexpr size_t kBytes = 15;
  if (stem.size() <= kBytes) return stem;
  const std::string_view tail = stem.substr(stem.size() - kBytes);
  constexpr std::string_view kShape = "-00000-of-00000";
  for (size_t i = 0; i < kBytes; ++i) {
    const bool is_digit = tail[i] >= '0' && tail[i] <= '9';
    if (kShape[i] == '0' ? !is_digit : tail[i] != kShape[i]) return stem;
  }
  return stem.substr(0, stem.size() - kBytes);
}

std::string_view without_suffix(std::string_view name) {
  return name.substr(0, name.rfind('.'));
}

struct Weights {
  std::string quantisation;
  std::vector<RemoteFile> parts;  // in the order of their names
};

bool is_top_level(const RemoteFile& file) {
  return file.name.find('/') == file.name.npos;
}

// GGUF files by their names without part numbers. Those of multimodal projectors are no models.
std::map<std::string, Weights> gguf_weights(const FileList& list) {
  std::map<std::string, Weights> found;
  for (const RemoteFile& file : list.files) {
    if (!is_top_level(file) || !file.name.ends_with(".gguf") || file.name.starts_with("mmproj")) {
      continue;
    }
    Weights& weights = found[std::string(without_part_number(without_suffix(file.name)))];
    weights.quantisation = quantisation_of(file.name);
    weights.parts.push_back(file);
  }
  for (auto& [name, weights] : found) {
    std::sort(weights.parts.begin(), weights.parts.end(),
              [](const RemoteFile& a, const RemoteFile& b) { return a.name < b.name; });
  }
  return found;
}

size_t quality_rank(const std::string& quantisation) {
  const auto it = std::find(kByQuality.begin(), kByQuality.end(), quantisation);
  return static_cast<size_t>(it - kByQuality.begin());
}

std::string names_of(const std::map<std::string, Weights>& all) {
  std::string names;
  for (const auto& [name, weights] : all) {
    if (!names.empty()) names += ", ";
    names += weights.quantisation.empty() ? name + ".gguf" : weights.quantisation;
  }
  return names;
}

// One file may be asked for by any of its names.
bool is_meant(std::string_view variant, const std::string& name, const Weights& weights) {
  if (upper(variant) == weights.quantisation || variant == name) return true;
  return std::any_of(weights.parts.begin(), weights.parts.end(),
                     [&](const RemoteFile& part) { return part.name == variant; });
}

Result<FileChoice> choose_gguf(const FileList& list, std::string_view variant) {
  const std::map<std::string, Weights> all = gguf_weights(list);
  const Weights* chosen = nullptr;
  if (variant.empty()) {
    for (const auto& [name, weights] : all) {
      if (!chosen || quality_rank(weights.quantisation) < quality_rank(chosen->quantisation)) {
        chosen = &weights;
      }
    }
  } else {
    for (const auto& [name, weights] : all) {
      if (!is_meant(variant, name, weights)) continue;
      if (chosen) {
        return Status::invalid_argument(
            "\"" + std::string(variant) + "\" is several files; give a file's name instead",
            "model");
      }
      chosen = &weights;
    }
  }
  if (!chosen) {
    return Status::not_found("there is no \"" + std::string(variant) + "\" (" +
                             (all.empty() ? "no GGUF file at all" : names_of(all)) + ")");
  }
  FileChoice choice;
  choice.files = chosen->parts;
  choice.main_file = chosen->parts.front().name;
  if (variant.empty() && all.size() > 1) {
    choice.reason = chosen->quantisation + " of " + names_of(all) +
                    " (best quality that is not 16 or 32 bits; :NAME chooses another)";
  }
  return choice;
}

bool is_safetensors(const RemoteFile& file) {
  if (!is_top_level(file) || !file.name.ends_with(".safetensors")) return false;
  return without_part_number(without_suffix(file.name)) == "model";
}

Result<FileChoice> choose_safetensors(const FileList& list) {
  FileChoice choice;
  bool has_weights = false;
  bool has_config = false;
  for (const RemoteFile& file : list.files) {
    const bool describes = std::find(kDescriptionFiles.begin(), kDescriptionFiles.end(),
                                     file.name) != kDescriptionFiles.end() ||
                           file.name == kSafetensorsIndex;
    if (!describes && !is_safetensors(file)) continue;
    has_weights |= is_safetensors(file);
    has_config |= file.name == "config.json";
    choice.files.push_back(file);
  }
  if (!has_weights) return Status::not_found("there are no safetensors (model*.safetensors)");
  if (!has_config) return Status::not_found("there is no config.json");
  std::stable_sort(choice.files.begin(), choice.files.end(),
                   [](const RemoteFile& a, const RemoteFile& b) { return a.size < b.size; });
  return choice;
}

bool has_safetensors(const FileList& list) {
  return std::any_of(list.files.begin(), list.files.end(), is_safetensors);
}

Status check_digests(const FileChoice& choice) {
  for (const RemoteFile& file : choice.files) {
    if (!file.digest) {
      return Status::invalid_argument("the list of files gives " + file.name + " no checksum");
    }
  }
  return Status::ok();
}

}  // namespace

std::string quantisation_of(std::string_view file_name) {
  const std::string stem = upper(without_part_number(without_suffix(file_name)));
  const size_t begin = stem.find_last_of("-.");
  const std::string last = begin == stem.npos ? stem : stem.substr(begin + 1);
  return quality_rank(last) < kByQuality.size() ? last : "";
}

Result<FileChoice> choose_files(const FileList& list, std::string_view variant) {
  const bool has_gguf = !gguf_weights(list).empty();
  if (!has_gguf && !has_safetensors(list)) {
    return Status::not_found(
        "there are no weights in a form that this program reads "
        "(model*.safetensors, *.gguf)");
  }
  const bool wants_safetensors =
      upper(variant) == "SAFETENSORS" || (variant.empty() && has_safetensors(list));
  Result<FileChoice> choice = wants_safetensors
                                  ? choose_safetensors(list)
                                  : choose_gguf(list, upper(variant) == "GGUF" ? "" : variant);
  if (!choice) return choice;
  if (variant.empty() && wants_safetensors && has_gguf) {
    choice->reason = "safetensors; :gguf chooses the GGUF files";
  }
  if (Status status = check_digests(*choice); !status) return status;
  return choice;
}

}  // namespace youtu::hub
