// A model on disk, opened and checked but not yet loaded: its tensors as views, its description,
// its tokenizer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/json.h"
#include "formats/gguf.h"
#include "formats/packed_file.h"
#include "formats/tensor_source.h"
#include "text/vocab_spec.h"
#include "youtu/status.h"

namespace youtu {

struct OpenedModel {
  std::string path;
  std::string format;                     // "Hugging Face folder", "GGUF v3"
  std::string description_name;           // for messages: "models/demo/config.json", "model.gguf"
  std::shared_ptr<TensorSource> tensors;  // owns the mapping that GgufMetadata points into
  // config.json of a Hugging Face folder, or the metadata of a GGUF file.
  std::variant<Json, GgufMetadata> description;
  std::optional<PackedOrigin> packed;  // of a packed file, whose tensors have our own names
  Json generation_config;              // an empty object where there is none
  bool has_vocab = false;  // a model without a tokenizer can be evaluated, but not talked to
  VocabSpec vocab;         // with the chat template, if the model has one; eos_ids from all files
  std::vector<std::string> warnings;
};

// `path`: a Hugging Face folder, a .gguf file, the first part of a split GGUF, or a packed file.
// Errors name the file.
Result<OpenedModel> open_model(const std::string& path);

// The vocabulary and the description of a model whose path is known. Takes the metadata.
Status read_gguf_description(GgufMetadata metadata, OpenedModel& model);

}  // namespace youtu
