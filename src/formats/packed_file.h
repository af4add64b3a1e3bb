// The packed model file (docs/packed-file.md): weights in the layout that kernels read, and the
// description of the model that they were made from, byte by byte as it was. A fixed header, a
// directory in JSON, then sections at multiples of the page size, so that a mapping of the file is
// the weights.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "tensor/tensor_view.h"
#include "youtu/status.h"

namespace youtu {

inline constexpr std::string_view kPackedFileMagic = "YOUTUPAK";
inline constexpr uint32_t kPackedFileVersion = 1;
inline constexpr uint64_t kPackedSectionAlignment = 4096;
inline constexpr std::string_view kPackedFileSuffix = ".youtu";
// Where a GGUF file's key-value pairs lie: a GGUF file without tensors.
inline constexpr std::string_view kPackedMetadataName = "metadata.gguf";

// At the beginning of the file; little-endian, as the rest of it.
struct PackedFileHeader {
  char magic[8];
  uint32_t version;
  uint32_t layout;              // kPackedLayoutVersion of the weights
  uint64_t file_bytes;          // of the whole file
  uint64_t directory_bytes;     // of the JSON behind this header
  uint64_t directory_checksum;  // XXH3 of the JSON
  uint64_t header_checksum;     // XXH3 of all before it
  uint8_t reserved[16];         // zero
};
static_assert(sizeof(PackedFileHeader) == 64);

// What the weights were made from and how.
struct PackedOrigin {
  enum class Kind : uint8_t { kHuggingFace, kGguf };
  Kind kind = Kind::kHuggingFace;
  std::string path = {};     // of the source, for people
  std::string format = {};   // of the source: "GGUF v3"
  std::string weights = {};  // the policy: "q4,head=q4"
  std::string key =
      {};  // of the source's content and the policy (model/pack_cache.h); may be empty
  bool full_precision = false;  // the source's weights were F32 throughout, and none is packed
};

// A file of the description.
struct PackedText {
  std::string name;  // "config.json"
  ByteSpan bytes;
};

// A tensor under our own name, and what its bytes must add up to.
struct PackedSection {
  TensorView tensor;
  uint64_t checksum = 0;  // XXH3
};

struct PackedContents {
  PackedOrigin origin;
  std::vector<PackedText> texts;
  std::vector<PackedSection> sections;
};

// Everything but the bytes of tensors is checked: sizes and places against the file, checksums of
// the header, the directory and the texts. The result points into `file`.
Result<PackedContents> parse_packed_file(ByteSpan file);

// That the tensor's bytes are those that were written. Reads all of them.
bool has_right_checksum(const PackedSection& section);

bool is_packed_file(ByteSpan file);

// Writes a file that parse_packed_file() accepts. It appears at `path` whole or not at all; one
// that is there is replaced if `replaces`. REQUIRES: unique names; tensors of the sizes that their
// types and shapes need.
struct PackedWriteOptions {
  bool replaces = false;
};
Status write_packed_file(const std::string& path, const PackedOrigin& origin,
                         const std::vector<PackedText>& texts,
                         const std::vector<TensorView>& tensors, const PackedWriteOptions& options);
// The size of that file, nearly: without its header and directory.
uint64_t packed_file_bytes(const std::vector<TensorView>& tensors);

// Bytes of a tensor of packed or plain values, or nothing if the shape has no such size.
std::optional<int64_t> tensor_bytes(const TensorView& tensor);

}  // namespace youtu
