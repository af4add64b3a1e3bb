// A file of lines that begins anew at a size, keeps some of those before, and never holds up
// whoever serves: what cannot be written is lost, and no more than that.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "youtu/status.h"

namespace youtu {

struct LogFileOptions {
  std::string path;                     // "-": the standard error, which is never begun anew
  int64_t max_file_bytes = 64ll << 20;  // then it is renamed to <path>.1, and so on
  int64_t max_files = 5;                // with the one that is written
};

// For one thread at a time.
class LogFile {
 public:
  // Nothing: what is written is lost.
  LogFile() = default;
  // Opened to append, or made, for its user and group only. Fails where it cannot be written.
  static Result<LogFile> open(LogFileOptions options);
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&& other) noexcept;
  ~LogFile();

  bool is_open() const { return descriptor_ >= 0; }
  // REQUIRES: the line ends with a newline and has no other.
  void write(std::string_view line);

 private:
  void begin_anew();
  void close();

  LogFileOptions options_;
  int descriptor_ = -1;
  int64_t size_ = 0;
  bool ends_in_half_a_line_ = false;  // the disk was full
};

}  // namespace youtu
