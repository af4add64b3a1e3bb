#include "formats/packed_model.h"

#include <algorithm>

#include "base/check.h"
#include "base/numbers.h"
#include "formats/hugging_face.h"
#include "formats/model_folder.h"
#include "formats/tensor_table.h"

namespace youtu {

namespace {

class PackedDescription final : public DescriptionFiles {
 public:
  PackedDescription(std::string path, const std::vector<PackedText>& texts)
      : path_(std::move(path)), texts_(texts) {}

  bool has(std::string_view name) const override { return find(name) != nullptr; }
  Result<std::string> read(const std::string& name, size_t max_bytes) const override {
    const PackedText* text = find(name);
    if (text == nullptr) return Status::not_found(path_of(name) + ": is not in the file");
    if (text->bytes.size() > max_bytes) {
      return Status::invalid_argument(path_of(name) + ": " + std::to_string(text->bytes.size()) +
                                      " bytes (at most " + std::to_string(max_bytes) + ")");
    }
    return std::string(text->bytes.begin(), text->bytes.end());
  }
  std::string path_of(std::string_view name) const override {
    return path_ + ": " + std::string(name);
  }
  std::string place() const override { return path_; }

 private:
  const PackedText* find(std::string_view name) const {
    const auto found = std::find_if(texts_.begin(), texts_.end(),
                                    [name](const PackedText& text) { return text.name == name; });
    return found == texts_.end() ? nullptr : &*found;
  }

  std::string path_;
  const std::vector<PackedText>& texts_;
};

Status read_gguf_texts(const PackedModel& packed, OpenedModel& model) {
  if (packed.texts.size() != 1 || packed.texts.front().name != kPackedMetadataName) {
    return Status::invalid_argument(model.path + ": has no " + std::string(kPackedMetadataName));
  }
  const std::string where = model.path + ": " + std::string(kPackedMetadataName) + ": ";
  auto contents = parse_gguf(packed.texts.front().bytes);
  if (!contents) return contents.status().with_prefix(where);
  if (!contents->tensors.empty()) {
    return Status::invalid_argument(where + "holds tensors (none is expected)");
  }
  return read_gguf_description(std::move(contents->metadata), model);
}

// GGUF without tensors: the pairs as they are, behind a header of their own.
std::string gguf_text(const OpenedModel& opened, const GgufMetadata& metadata) {
  const struct {
    char magic[4];
    uint32_t version;
    uint64_t num_tensors;
    uint64_t num_pairs;
  } header = {
      {'G', 'G', 'U', 'F'}, opened.format == "GGUF v2" ? 2u : 3u, 0, metadata.entries().size()};
  std::string text(reinterpret_cast<const char*>(&header), sizeof(header));
  const ByteSpan pairs = metadata.file_bytes();
  text.append(reinterpret_cast<const char*>(pairs.data()), pairs.size());
  return text;
}

}  // namespace

Result<PackedModel> open_packed_file(const std::string& path) {
  auto file = MappedFile::open(path);
  RETURN_IF_ERROR(file);
  auto contents = parse_packed_file(file->bytes());
  if (!contents) return contents.status().with_prefix(path + ": ");
  PackedModel model;
  model.origin = std::move(contents->origin);
  model.texts = std::move(contents->texts);
  std::vector<TensorView> views;
  for (PackedSection& section : contents->sections) {
    views.push_back(std::move(section.tensor));
    model.checksums.push_back(section.checksum);
  }
  std::vector<MappedFile> files;
  files.push_back(*std::move(file));
  auto table = TensorTable::create(std::move(files), std::move(views));
  if (!table) return table.status().with_prefix(path + ": ");
  model.tensors = *std::move(table);
  return model;
}

Result<OpenedModel> open_packed_model(const std::string& path) {
  auto packed = open_packed_file(path);
  RETURN_IF_ERROR(packed);
  OpenedModel model;
  model.path = path;
  model.format = "packed file of a " + packed->origin.format;
  model.packed = packed->origin;
  if (packed->origin.kind == PackedOrigin::Kind::kGguf) {
    model.description_name = path;
    RETURN_IF_ERROR(read_gguf_texts(*packed, model));
  } else {
    RETURN_IF_ERROR(read_hugging_face_description(PackedDescription(path, packed->texts), model));
  }
  model.tensors = std::move(packed->tensors);
  return model;
}

Status verify_packed_file(const std::string& path) {
  const auto packed = open_packed_file(path);
  RETURN_IF_ERROR(packed);
  size_t i = 0;
  for (const TensorView& tensor : packed->tensors->tensors()) {
    if (!has_right_checksum({tensor, packed->checksums[i++]})) {
      return Status::invalid_argument(path + ": tensor " + tensor.name +
                                      ": the checksum is wrong: the file is damaged");
    }
  }
  return Status::ok();
}

Result<std::vector<SourceText>> read_source_texts(const OpenedModel& opened) {
  std::vector<SourceText> texts;
  if (const auto* metadata = std::get_if<GgufMetadata>(&opened.description)) {
    texts.push_back({std::string(kPackedMetadataName), gguf_text(opened, *metadata)});
    return texts;
  }
  const auto folder = ModelFolder::open(opened.path);
  RETURN_IF_ERROR(folder);
  for (const DescriptionFile& file : description_files()) {
    if (!folder->has(file.name)) continue;
    auto text = folder->read(std::string(file.name), file.max_bytes);
    RETURN_IF_ERROR(text);
    texts.push_back({std::string(file.name), *std::move(text)});
  }
  return texts;
}

}  // namespace youtu
