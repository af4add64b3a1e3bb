// A file mapped read-only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "youtu/status.h"

namespace youtu {

using ByteSpan = std::span<const uint8_t>;

// Owns the mapping; views into bytes() live as long as it does. Move-only.
class MappedFile {
 public:
  // Fails on what is missing, unreadable, or no regular file. An empty file maps to no bytes.
  static Result<MappedFile> open(const std::string& path);

  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  ByteSpan bytes() const { return {data_, size_}; }
  const std::string& path() const { return path_; }
  int64_t modified_ns() const { return modified_ns_; }  // since 1970, as it was when mapped

 private:
  std::string path_;
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
  int64_t modified_ns_ = 0;
};

// The whole of a small file. Fails if it is larger than `max_bytes`.
Result<std::string> read_file(const std::string& path, size_t max_bytes);

}  // namespace youtu
