// NumPy's .npy files (format version 1.0, numpy/lib/format.py): a matrix of F32, written row by
// row.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>

#include "youtu/status.h"

namespace youtu {

class NpyWriter {
 public:
  // Replaces `path`.
  static Result<NpyWriter> create(const std::string& path, int64_t rows, int64_t cols);

  Status append(std::span<const float> values);
  // Fails unless rows * cols values were appended and have reached the file.
  Status finish();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  NpyWriter() = default;

  std::unique_ptr<std::FILE, Close> file_;
  std::string path_;
  int64_t missing_ = 0;
};

}  // namespace youtu
