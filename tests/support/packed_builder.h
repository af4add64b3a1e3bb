// Packed files byte by byte, right or wrong: with the checksums of whatever the head claims.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/content_hash.h"
#include "formats/packed_file.h"

namespace youtu {

// Puts the right checksums into the header of a file that may be wrong in any other way.
inline void repair_checksums(std::vector<uint8_t>& file) {
  PackedFileHeader header;
  if (file.size() < sizeof(header)) return;
  std::memcpy(&header, file.data(), sizeof(header));
  const std::span<const uint8_t> bytes(file);
  if (header.directory_bytes <= file.size() - sizeof(header)) {
    header.directory_checksum = content_hash(bytes.subspan(sizeof(header), header.directory_bytes));
  }
  std::memcpy(file.data(), &header, sizeof(header));
  header.header_checksum = content_hash(bytes.first(offsetof(PackedFileHeader, header_checksum)));
  std::memcpy(file.data(), &header, sizeof(header));
}

// A head with this directory; zeros up to `file_bytes`.
inline std::vector<uint8_t> packed_file(std::string_view directory, size_t file_bytes) {
  std::vector<uint8_t> file(file_bytes);
  PackedFileHeader header = {};
  std::memcpy(header.magic, kPackedFileMagic.data(), sizeof(header.magic));
  header.version = kPackedFileVersion;
  header.layout = kPackedLayoutVersion;
  header.file_bytes = file_bytes;
  header.directory_bytes = directory.size();
  std::memcpy(file.data(), &header, sizeof(header));
  std::memcpy(file.data() + sizeof(header), directory.data(), directory.size());
  repair_checksums(file);
  return file;
}

}  // namespace youtu
