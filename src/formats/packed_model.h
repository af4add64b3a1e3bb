// Packed files as models: opened like any other, and written from one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "formats/open_model.h"
#include "formats/packed_file.h"
#include "formats/tensor_source.h"
#include "youtu/status.h"

namespace youtu {

// A mapped packed file, its tensors under our own names.
struct PackedModel {
  PackedOrigin origin;
  std::vector<PackedText> texts;          // views into the mapping
  std::vector<uint64_t> checksums;        // of the tensors, in file order
  std::unique_ptr<TensorSource> tensors;  // owns the mapping
};

// Without a reading of its description. Errors name the file.
Result<PackedModel> open_packed_file(const std::string& path);

// With it, read by the parsers of the source's format.
Result<OpenedModel> open_packed_model(const std::string& path);

// The first tensor whose bytes are not those that were written, as an error that names it.
Status verify_packed_file(const std::string& path);

// The description of a model as it is written into a packed file. The bytes are owned.
struct SourceText {
  std::string name;
  std::string bytes;
};
Result<std::vector<SourceText>> read_source_texts(const OpenedModel& opened);

}  // namespace youtu
