#include "formats/open_model.h"

#include <cstring>
#include <filesystem>

#include "base/check.h"
#include "formats/gguf_vocab.h"
#include "formats/hugging_face.h"
#include "formats/packed_model.h"

namespace youtu {

namespace {

namespace fs = std::filesystem;

bool is_gguf(ByteSpan file) {
  return file.size() >= 4 && std::memcmp(file.data(), "GGUF", 4) == 0;
}

Result<OpenedModel> open_gguf_model(const std::string& path) {
  auto gguf = open_gguf(path);
  RETURN_IF_ERROR(gguf);
  OpenedModel model;
  model.path = path;
  model.format = "GGUF v" + std::to_string(gguf->version);
  model.description_name = path;
  RETURN_IF_ERROR(read_gguf_description(std::move(gguf->metadata), model));
  model.tensors = std::move(gguf->tensors);
  return model;
}

}  // namespace

Status read_gguf_description(GgufMetadata metadata, OpenedModel& model) {
  model.generation_config = Json::object();
  if (metadata.contains("tokenizer.ggml.model")) {
    auto vocab = read_gguf_vocab(metadata);
    if (!vocab) return vocab.status().with_prefix(model.path + ": ");
    model.vocab = *std::move(vocab);
    model.has_vocab = true;
  } else {
    model.warnings.push_back(model.path +
                             ": tokenizer.ggml.model is missing, so there is no tokenizer");
  }
  model.description = std::move(metadata);
  return Status::ok();
}

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
  const auto file = MappedFile::open(path);
  const ByteSpan bytes = file ? file->bytes() : ByteSpan();
  if (is_packed_file(bytes) || path.ends_with(kPackedFileSuffix)) return open_packed_model(path);
  if (!path.ends_with(".gguf") && !is_gguf(bytes)) {
    return Status::invalid_argument(
        path + ": is neither a model directory nor a GGUF file nor a packed one (bad magic)");
  }
  return open_gguf_model(path);
}

}  // namespace youtu
