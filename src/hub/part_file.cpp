#include "hub/part_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "base/numbers.h"

namespace youtu::hub {

namespace {

constexpr std::array<char, 8> kMagic = {'Y', 'T', 'U', 'P', 'A', 'R', 'T', '1'};
constexpr int64_t kSaveEveryBytes = int64_t{1} << 20;
constexpr int64_t kHeadBytes = kMagic.size();

bool write_all(int fd, const void* data, size_t size, int64_t offset) {
  const char* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = ::pwrite(fd, bytes, size, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes += n;
    size -= static_cast<size_t>(n);
    offset += n;
  }
  return true;
}

bool read_all(int fd, void* data, size_t size, int64_t offset) {
  char* bytes = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t n = ::pread(fd, bytes, size, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    size -= static_cast<size_t>(n);
    offset += n;
  }
  return true;
}

}  // namespace

int64_t allocated_bytes(const std::string& path) {
  struct stat info {};
  constexpr int64_t kBlockBytes = 512;  // stat's unit, whatever the file system's
  if (::lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return 0;
  return info.st_blocks * kBlockBytes;
}

PartFile::~PartFile() {
  if (fd_ >= 0) ::close(fd_);
}

Status PartFile::error(const char* action) const {
  const int code = errno;
  std::string message = path_ + ": cannot " + action + ": " + std::strerror(code);
  if (code == ENOSPC || code == EDQUOT || code == EFBIG) {
    return Status::resource_exhausted(std::move(message), "disk_full");
  }
  return Status::failed_precondition(std::move(message));
}

int64_t PartFile::piece_bytes(int piece) const {
  return std::min(kPieceBytes, size_ - piece_begin(piece));
}

int64_t PartFile::account_bytes() const {
  return kHeadBytes + static_cast<int64_t>(done_.size() * sizeof(uint32_t));
}

int64_t PartFile::total_done() const {
  int64_t total = 0;
  for (const Done& done : done_) total += done.bytes;
  return total;
}

Status PartFile::open(const std::string& path, int64_t size) {
  CHECK(fd_ < 0 && size >= 0);
  path_ = path;
  size_ = size;
  done_.resize(static_cast<size_t>(div_ceil(size, kPieceBytes)));
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
  if (fd_ < 0) return error("open");
  struct stat info {};
  if (::fstat(fd_, &info) != 0) return error("open");
  if (!S_ISREG(info.st_mode) || info.st_nlink != 1) {
    return Status::failed_precondition(path + ": is no file of one name");
  }
  if (info.st_size == size_ + account_bytes() && read_account()) return Status::ok();
  return begin();
}

// False if what is behind the bytes is no account of this file.
bool PartFile::read_account() {
  std::vector<char> account(static_cast<size_t>(account_bytes()));
  if (!read_all(fd_, account.data(), account.size(), size_)) return false;
  if (!std::equal(kMagic.begin(), kMagic.end(), account.begin())) return false;
  for (int piece = 0; piece < num_pieces(); ++piece) {
    uint32_t bytes = 0;
    std::memcpy(&bytes, account.data() + kHeadBytes + piece * int64_t{sizeof(bytes)},
                sizeof(bytes));
    if (bytes > piece_bytes(piece)) return false;
    done_[static_cast<size_t>(piece)] = {.bytes = bytes};
  }
  return true;
}

Status PartFile::begin() {
  std::fill(done_.begin(), done_.end(), Done{});
  const int64_t whole = size_ + account_bytes();
  if (::ftruncate(fd_, 0) != 0 || ::ftruncate(fd_, whole) != 0) return error("make");
  // Where the file system can, the place is taken now: better no room now than in an hour.
  if (::fallocate(fd_, 0, 0, whole) != 0 && errno != EOPNOTSUPP && errno != ENOSYS) {
    const Status status = error("make");
    ::unlink(path_.c_str());
    return status;
  }
  return write_all(fd_, kMagic.data(), kMagic.size(), size_) ? Status::ok() : error("write");
}

Status PartFile::write(int piece, std::span<const uint8_t> bytes) {
  Done& done = done_[static_cast<size_t>(piece)];
  const auto size = static_cast<int64_t>(bytes.size());
  CHECK(done.bytes + size <= piece_bytes(piece));
  if (!write_all(fd_, bytes.data(), bytes.size(), piece_begin(piece) + done.bytes)) {
    return error("write");
  }
  done.bytes += size;
  done.unsaved += size;
  if (done.unsaved >= kSaveEveryBytes || done.bytes == piece_bytes(piece)) return save(piece);
  return Status::ok();
}

Status PartFile::save(int piece) {
  Done& done = done_[static_cast<size_t>(piece)];
  const auto bytes = static_cast<uint32_t>(done.bytes);
  const int64_t offset = size_ + kHeadBytes + piece * static_cast<int64_t>(sizeof(bytes));
  if (!write_all(fd_, &bytes, sizeof(bytes), offset)) return error("write");
  done.unsaved = 0;
  return Status::ok();
}

Status PartFile::forget() {
  for (int piece = 0; piece < num_pieces(); ++piece) {
    done_[static_cast<size_t>(piece)] = {};
    if (Status status = save(piece); !status) return status;
  }
  return Status::ok();
}

Result<Digest> PartFile::digest(DigestKind kind,
                                const std::function<bool(int64_t)>& on_bytes) const {
  std::vector<uint8_t> buffer(size_t{1} << 20);
  DigestStream stream(kind, size_);
  for (int64_t offset = 0; offset < size_;) {
    const auto n = std::min(static_cast<int64_t>(buffer.size()), size_ - offset);
    if (!read_all(fd_, buffer.data(), static_cast<size_t>(n), offset)) return error("read");
    stream.add({buffer.data(), static_cast<size_t>(n)});
    offset += n;
    if (!on_bytes(n)) return Status::cancelled("interrupted");
  }
  return stream.finish();
}

Status PartFile::finish(const std::string& path) {
  CHECK(total_done() == size_);
  if (::ftruncate(fd_, size_) != 0 || ::fsync(fd_) != 0) return error("write");
  if (::rename(path_.c_str(), path.c_str()) != 0) return error("rename");
  return Status::ok();
}

void PartFile::discard() {
  ::unlink(path_.c_str());
}

}  // namespace youtu::hub
