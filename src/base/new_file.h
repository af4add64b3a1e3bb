// A file that comes into being whole or not at all.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "youtu/status.h"

namespace youtu {

// Written under a temporary name beside its path and renamed at the end, so that a reader of the
// path sees the old file, the whole new one, or none. What is not finished is removed. Move-only;
// one thread.
class NewFile {
 public:
  // The temporary name ends in this, so that leftovers of a killed process can be told.
  static constexpr const char* kTemporarySuffix = ".partial";

  // Errors name the path: "models/a.youtu: No such file or directory".
  static Result<NewFile> create(const std::string& path);

  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&& other) noexcept;
  ~NewFile();

  // `offset` may lie beyond what has been written so far; the bytes between are zero.
  Status write_at(uint64_t offset, std::span<const uint8_t> bytes);
  // Waits until the disk has it, and gives the file its name, in place of a file of that name if
  // `replaces`; otherwise fails with kFailedPrecondition if there is one.
  Status finish(bool replaces);

 private:
  NewFile(std::string path, std::string temporary_path, int fd);
  Status error() const;

  std::string path_;
  std::string temporary_path_;
  int fd_ = -1;
};

}  // namespace youtu
