// The writer of packed model files. Checksums are of a fixed width, so that the directory's size,
// and with it every offset, is known before the first section is written.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "base/check.h"
#include "base/content_hash.h"
#include "base/json.h"
#include "base/new_file.h"
#include "base/numbers.h"
#include "formats/packed_file.h"

namespace youtu {

namespace {

ByteSpan bytes_of(const void* data, size_t size) {
  return {static_cast<const uint8_t*>(data), size};
}

struct Section {
  ByteSpan bytes;
  uint64_t offset = 0;
  uint64_t checksum = 0;
};

// Texts first, so that one can read them with any tool near the file's beginning.
std::vector<Section> sections_of(const std::vector<PackedText>& texts,
                                 const std::vector<TensorView>& tensors) {
  std::vector<Section> sections;
  for (const PackedText& text : texts) sections.push_back({text.bytes});
  for (const TensorView& tensor : tensors) {
    CHECK(tensor_bytes(tensor) == static_cast<int64_t>(tensor.data.size()));
    sections.push_back({tensor.data});
  }
  return sections;
}

OrderedJson place_json(const std::string& name, const Section& section) {
  return {{"name", name},
          {"offset", section.offset},
          {"bytes", section.bytes.size()},
          {"checksum", fmt::format("{:016x}", section.checksum)}};
}

std::string directory_text(const PackedOrigin& origin, const std::vector<PackedText>& texts,
                           const std::vector<TensorView>& tensors,
                           const std::vector<Section>& sections) {
  OrderedJson json;
  json["origin"] = {{"kind", origin.kind == PackedOrigin::Kind::kGguf ? "gguf" : "hugging_face"},
                    {"path", origin.path},
                    {"format", origin.format},
                    {"weights", origin.weights},
                    {"key", origin.key},
                    {"full_precision", origin.full_precision}};
  json["texts"] = OrderedJson::array();
  json["tensors"] = OrderedJson::array();
  auto section = sections.begin();
  for (const PackedText& text : texts) json["texts"].push_back(place_json(text.name, *section++));
  for (const TensorView& tensor : tensors) {
    OrderedJson entry = place_json(tensor.name, *section++);
    entry["type"] = tensor.type_name();
    entry["shape"] = tensor.shape;
    json["tensors"].push_back(std::move(entry));
  }
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

void place(std::vector<Section>& sections, uint64_t begin) {
  for (Section& section : sections) {
    section.offset = align_up(begin, kPackedSectionAlignment);
    begin = section.offset + section.bytes.size();
  }
}

// Offsets have more digits the larger they are, so the directory's size depends on them: a second
// placing behind the size of the first may still grow it by a digit, never for long.
std::string place_behind_directory(const PackedOrigin& origin, const std::vector<PackedText>& texts,
                                   const std::vector<TensorView>& tensors,
                                   std::vector<Section>& sections) {
  uint64_t room = 0;
  for (;;) {
    place(sections, sizeof(PackedFileHeader) + room);
    std::string directory = directory_text(origin, texts, tensors, sections);
    if (directory.size() <= room) return directory;
    room = align_up<uint64_t>(directory.size() + 1, kPackedSectionAlignment);
  }
}

PackedFileHeader header_of(const std::string& directory, uint64_t file_bytes) {
  PackedFileHeader header = {};
  std::memcpy(header.magic, kPackedFileMagic.data(), sizeof(header.magic));
  header.version = kPackedFileVersion;
  header.layout = kPackedLayoutVersion;
  header.file_bytes = file_bytes;
  header.directory_bytes = directory.size();
  header.directory_checksum = content_hash(bytes_of(directory.data(), directory.size()));
  header.header_checksum =
      content_hash(bytes_of(&header, offsetof(PackedFileHeader, header_checksum)));
  return header;
}

// In pieces that stay in the processor's cache between the checksum and the write.
Status write_section(Section& section, NewFile& file) {
  constexpr size_t kPieceBytes = 1u << 20;
  ContentHash hash;
  for (size_t begin = 0; begin < section.bytes.size(); begin += kPieceBytes) {
    const ByteSpan piece =
        section.bytes.subspan(begin, std::min(kPieceBytes, section.bytes.size() - begin));
    hash.add(piece);
    RETURN_IF_ERROR(file.write_at(section.offset + begin, piece));
  }
  section.checksum = hash.value();
  return Status::ok();
}

}  // namespace

Status write_packed_file(const std::string& path, const PackedOrigin& origin,
                         const std::vector<PackedText>& texts,
                         const std::vector<TensorView>& tensors,
                         const PackedWriteOptions& options) {
  auto file = NewFile::create(path);
  RETURN_IF_ERROR(file);
  std::vector<Section> sections = sections_of(texts, tensors);
  const size_t planned = place_behind_directory(origin, texts, tensors, sections).size();
  for (Section& section : sections) RETURN_IF_ERROR(write_section(section, *file));
  const std::string directory = directory_text(origin, texts, tensors, sections);
  CHECK(directory.size() == planned);
  const uint64_t file_bytes = sections.empty()
                                  ? sizeof(PackedFileHeader) + directory.size()
                                  : sections.back().offset + sections.back().bytes.size();
  const PackedFileHeader header = header_of(directory, file_bytes);
  RETURN_IF_ERROR(file->write_at(0, bytes_of(&header, sizeof(header))));
  RETURN_IF_ERROR(file->write_at(sizeof(header), bytes_of(directory.data(), directory.size())));
  return file->finish(options.replaces);
}

uint64_t packed_file_bytes(const std::vector<TensorView>& tensors) {
  uint64_t bytes = 0;
  for (const TensorView& tensor : tensors) {
    bytes += align_up<uint64_t>(tensor.data.size(), kPackedSectionAlignment);
  }
  return bytes;
}

}  // namespace youtu
