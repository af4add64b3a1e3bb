#include "base/new_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/sync_folder.h"

namespace youtu {

namespace {

// mkstemp makes files that only their owner can read; a model is nobody's secret.
void set_usual_mode(int fd) {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  (void)::fchmod(fd, 0666 & ~mask);
}

}  // namespace

NewFile::NewFile(std::string path, std::string temporary_path, int fd)
    : path_(std::move(path)), temporary_path_(std::move(temporary_path)), fd_(fd) {}

NewFile::NewFile(NewFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_path_(std::move(other.temporary_path_)),
      fd_(std::exchange(other.fd_, -1)) {}

NewFile& NewFile::operator=(NewFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(temporary_path_, other.temporary_path_);
  std::swap(fd_, other.fd_);
  return *this;
}

NewFile::~NewFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_path_.c_str());
}

Status NewFile::error() const {
  const int code = errno;
  std::string message = path_ + ": cannot write: " + std::strerror(code);
  if (code == ENOSPC || code == EDQUOT || code == EFBIG) {
    return Status::resource_exhausted(std::move(message), "disk_full");
  }
  return Status::invalid_argument(std::move(message));
}

Result<NewFile> NewFile::create(const std::string& path) {
  std::string temporary = path + ".XXXXXX" + kTemporarySuffix;
  const int fd =
      ::mkostemps(temporary.data(), static_cast<int>(std::strlen(kTemporarySuffix)), O_CLOEXEC);
  NewFile file(path, std::move(temporary), fd);
  if (fd < 0) return file.error();
  set_usual_mode(fd);
  return file;
}

Status NewFile::write_at(uint64_t offset, std::span<const uint8_t> bytes) {
  // Linux writes at most 2 GiB less a page at once.
  constexpr size_t kMaxWriteBytes = size_t{1} << 30;
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_, bytes.data(), std::min(bytes.size(), kMaxWriteBytes),
                               static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return error();
    offset += static_cast<uint64_t>(n);
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return Status::ok();
}

Status NewFile::finish(bool replaces) {
  if (::fsync(fd_) != 0) return error();
  if (replaces) {
    if (::rename(temporary_path_.c_str(), path_.c_str()) != 0) return error();
  } else {
    // A link fails where a rename would replace what somebody made in the meantime.
    if (::link(temporary_path_.c_str(), path_.c_str()) != 0) {
      if (errno != EEXIST) return error();
      return Status::failed_precondition(path_ + ": exists already");
    }
    ::unlink(temporary_path_.c_str());
  }
  ::close(std::exchange(fd_, -1));
  const std::string folder = std::filesystem::path(path_).parent_path().string();
  sync_folder(folder.empty() ? "." : folder);
  return Status::ok();
}

}  // namespace youtu
