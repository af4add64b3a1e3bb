#include "log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace youtu {

namespace {

int open_to_append(const std::string& path) {
  constexpr mode_t kUserAndGroup = 0640;
  if (path == "-") return ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK,
                kUserAndGroup);
}

// What can be rotated, and has a size to rotate at.
int64_t size_of(int descriptor) {
  struct stat info {};
  return ::fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode) ? info.st_size : 0;
}

}  // namespace

Result<LogFile> LogFile::open(LogFileOptions options) {
  LogFile file;
  file.descriptor_ = open_to_append(options.path);
  if (file.descriptor_ < 0) {
    return Status::invalid_argument(options.path + ": " + std::generic_category().message(errno));
  }
  file.size_ = size_of(file.descriptor_);
  file.options_ = std::move(options);
  return file;
}

LogFile::LogFile(LogFile&& other) noexcept {
  *this = std::move(other);
}

LogFile& LogFile::operator=(LogFile&& other) noexcept {
  if (this == &other) return *this;
  close();
  options_ = std::move(other.options_);
  descriptor_ = std::exchange(other.descriptor_, -1);
  size_ = other.size_;
  ends_in_half_a_line_ = other.ends_in_half_a_line_;
  return *this;
}

LogFile::~LogFile() {
  close();
}

void LogFile::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

void LogFile::write(std::string_view line) {
  const auto num_bytes = static_cast<int64_t>(line.size());
  const bool may_grow = options_.path == "-" || size_ + num_bytes <= options_.max_file_bytes;
  if (!may_grow && size_ > 0) begin_anew();
  if (!is_open()) return;
  if (ends_in_half_a_line_ && ::write(descriptor_, "\n", 1) == 1) ends_in_half_a_line_ = false;
  const ssize_t written = ::write(descriptor_, line.data(), line.size());
  if (written <= 0) return;
  size_ += written;
  ends_in_half_a_line_ = written < num_bytes;
}

// Where names cannot be changed the file grows by another time its size before that is tried again:
// a line is worth more than a limit.
void LogFile::begin_anew() {
  const auto name = [this](int64_t age) {
    return age == 0 ? options_.path : options_.path + "." + std::to_string(age);
  };
  size_ = 0;
  if (options_.max_files == 1) {
    if (::unlink(options_.path.c_str()) != 0) return;
  } else {
    for (int64_t age = options_.max_files - 2; age > 0; --age) {
      (void)std::rename(name(age).c_str(), name(age + 1).c_str());
    }
    if (std::rename(name(0).c_str(), name(1).c_str()) != 0) return;
  }
  const int next = open_to_append(options_.path);
  if (next < 0) return;
  close();
  descriptor_ = next;
  size_ = size_of(next);
}

}  // namespace youtu
