#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace youtu {

namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Status open_error(const std::string& path) {
  const int error = errno;
  std::string message = path + ": " + std::strerror(error);
  if (error == ENOENT || error == ENOTDIR) return Status::not_found(std::move(message));
  return Status::invalid_argument(std::move(message));
}

struct FileFacts {
  size_t size = 0;
  int64_t modified_ns = 0;
};

// Of the open regular file.
Result<FileFacts> regular_file_facts(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return open_error(path);
  if (S_ISDIR(info.st_mode))
    return Status::invalid_argument(path + ": is a directory (a file is expected)");
  if (!S_ISREG(info.st_mode)) return Status::invalid_argument(path + ": is not a regular file");
  constexpr int64_t kNanoseconds = 1'000'000'000;
  return FileFacts{static_cast<size_t>(info.st_size),
                   info.st_mtim.tv_sec * kNanoseconds + info.st_mtim.tv_nsec};
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::string& path) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return open_error(path);
  const auto facts = regular_file_facts(fd.get(), path);
  if (!facts) return facts.status();
  MappedFile file;
  file.path_ = path;
  file.modified_ns_ = facts->modified_ns;
  if (facts->size == 0) return file;
  void* data = ::mmap(nullptr, facts->size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (data == MAP_FAILED) return open_error(path);
  file.data_ = static_cast<const uint8_t*>(data);
  file.size_ = facts->size;
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      modified_ns_(other.modified_ns_) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(modified_ns_, other.modified_ns_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(const_cast<uint8_t*>(data_), size_);
}

Result<std::string> read_file(const std::string& path, size_t max_bytes) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return open_error(path);
  const auto facts = regular_file_facts(fd.get(), path);
  if (!facts) return facts.status();
  if (facts->size > max_bytes) {
    return Status::invalid_argument(path + ": " + std::to_string(facts->size) + " bytes (at most " +
                                    std::to_string(max_bytes) + ")");
  }
  std::string text(facts->size, '\0');
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::read(fd.get(), text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return open_error(path);
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  text.resize(done);
  return text;
}

}  // namespace youtu
