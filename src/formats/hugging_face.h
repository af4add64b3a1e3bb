// A model as Hugging Face's hub stores it: a folder with config.json, safetensors, and the
// tokenizer's files.
#pragma once

#include <string>

#include "formats/open_model.h"

namespace youtu {

Result<OpenedModel> open_hugging_face(const std::string& path);

// The value of "eos_token_id" in a config.json or generation_config.json: one id, several, or none
// (absent or null).
Result<std::vector<TokenId>> read_eos_ids(const Json& config);

}  // namespace youtu
