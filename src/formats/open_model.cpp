#include "formats/open_model.h"

#include <cstring>
#include <filesystem>

#include "base/check.h"
#include "formats/gguf_vocab.h"
#include "formats/hugging_face.h"

namespace youtu {

namespace {

namespace fs = std::filesystem;

bool is_gguf(const std::string& path) {
  const auto file = MappedFile::open(path);
  return file && file->bytes().size() >= 4 && std::memcmp(file->bytes().data(), "GGUF", 4) == 0;
}

Result<OpenedModel> open_gguf_model(const std::string& path) {
  auto gguf = open_gguf(path);
  RETURN_IF_ERROR(gguf);
  OpenedModel model;
  model.path = path;
  model.format = "GGUF v" + std::to_string(gguf->version);
  model.description_name = path;
  model.generation_config = Json::object();
  model.tensors = std::move(gguf->tensors);
  if (gguf->metadata.contains("tokenizer.ggml.model")) {
    auto vocab = read_gguf_vocab(gguf->metadata);
    if (!vocab) return vocab.status().with_prefix(path + ": ");
    model.vocab = *std::move(vocab);
    model.has_vocab = true;
  } else {
    model.warnings.push_back(path + ": tokenizer.ggml.model is missing, so there is no tokenizer");
  }
  model.description = std::move(gguf->metadata);
  return model;
}

}  // namespace

Result<OpenedModel> open_model(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::directory) return open_hugging_face(path);
  if (status.type() == fs::file_type::not_found) {
    return Status::not_found(path + ": no such model directory or GGUF file");
  }
  if (error)
    return Status::invalid_argument(path + ": model directory or GGUF file: " + error.message());
  // Said here because a file of another kind would fail with the details of a broken GGUF file.
  if (!path.ends_with(".gguf") && !is_gguf(path)) {
    return Status::invalid_argument(path +
                                    ": is neither a model directory nor a GGUF file (bad magic)");
  }
  return open_gguf_model(path);
}

}  // namespace youtu
