#include "formats/npy.h"

#include <cerrno>
#include <cstring>

namespace youtu {

Result<NpyWriter> NpyWriter::create(const std::string& path, int64_t rows, int64_t cols) {
  NpyWriter writer;
  writer.path_ = path;
  writer.missing_ = rows * cols;
  writer.file_.reset(std::fopen(path.c_str(), "wb"));
  if (!writer.file_) return Status::invalid_argument(path + ": " + std::strerror(errno));

  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(rows) + ", " + std::to_string(cols) + "), }";
  // Magic, version, header length and header together are a multiple of 64; the header ends with a
  // newline.
  constexpr size_t kPrefixBytes = 10;
  header.append(63 - (kPrefixBytes + header.size()) % 64, ' ');
  header.push_back('\n');
  const auto length = static_cast<uint16_t>(header.size());
  std::string prefix = "\x93NUMPY";
  prefix += {'\x01', '\x00', static_cast<char>(length & 0xff), static_cast<char>(length >> 8)};
  prefix += header;
  if (std::fwrite(prefix.data(), 1, prefix.size(), writer.file_.get()) != prefix.size()) {
    return Status::invalid_argument(path + ": " + std::strerror(errno));
  }
  return writer;
}

Status NpyWriter::append(std::span<const float> values) {
  missing_ -= static_cast<int64_t>(values.size());
  if (std::fwrite(values.data(), sizeof(float), values.size(), file_.get()) != values.size()) {
    return Status::invalid_argument(path_ + ": " + std::strerror(errno));
  }
  return Status::ok();
}

Status NpyWriter::finish() {
  if (missing_ != 0)
    return Status::internal(path_ + ": " + std::to_string(missing_) + " values are missing");
  if (std::fflush(file_.get()) != 0)
    return Status::invalid_argument(path_ + ": " + std::strerror(errno));
  return Status::ok();
}

}  // namespace youtu
