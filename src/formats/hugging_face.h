// A model as Hugging Face's hub stores it: a folder with config.json, safetensors, and the
// tokenizer's files.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "formats/description_files.h"
#include "formats/open_model.h"

namespace youtu {

Result<OpenedModel> open_hugging_face(const std::string& path);

// Everything but the tensors and what the caller knows: path and format.
Status read_hugging_face_description(const DescriptionFiles& files, OpenedModel& model);

// The files that a description may consist of.
struct DescriptionFile {
  std::string_view name;
  size_t max_bytes;
};
std::span<const DescriptionFile> description_files();

// The value of "eos_token_id" in a config.json or generation_config.json: one id, several, or none
// (absent or null).
Result<std::vector<TokenId>> read_eos_ids(const Json& config);

}  // namespace youtu
