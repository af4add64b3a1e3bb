#include "input_history.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/check.h"
#include "base/utf8.h"
#include "chat/data_folder.h"

namespace youtu {

namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFileBytes = size_t{16} << 20;
constexpr size_t kMaxEntryBytes = size_t{64} << 10;

std::string escaped(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (c == '\n') {
      line += "\\n";
    } else {
      if (c == '\\') line += c;
      line += c;
    }
  }
  return line + "\n";
}

std::string unescaped(std::string_view line) {
  std::string text;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size()) {
      ++i;
      text += line[i] == 'n' ? '\n' : line[i];
    } else {
      text += line[i];
    }
  }
  return text;
}

Status failed(const std::string& path) {
  return Status::failed_precondition(path + ": " + std::strerror(errno));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

Result<std::string> read_private_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return errno == ENOENT ? Result<std::string>(std::string()) : failed(path);
  std::string text;
  char buffer[1 << 16];
  ssize_t n = 0;
  while (text.size() <= kMaxFileBytes && (n = ::read(fd, buffer, sizeof(buffer))) > 0) {
    text.append(buffer, static_cast<size_t>(n));
  }
  const Status error = failed(path);
  ::close(fd);
  if (n < 0) return error;
  if (text.size() > kMaxFileBytes) {
    return Status::failed_precondition(path + ": is longer than 16 MiB; remove it");
  }
  return text;
}

std::vector<std::string> entries_of(std::string_view text) {
  std::vector<std::string> entries;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == text.npos) break;  // another program is writing it
    std::string entry = unescaped(text.substr(0, end));
    if (!entry.empty() && is_utf8(entry)) entries.push_back(std::move(entry));
    text.remove_prefix(end + 1);
  }
  return entries;
}

// In place of the file, under a name that is renamed.
Status rewrite(const std::string& path, const std::vector<std::string>& entries) {
  std::string temporary = path + ".XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);  // mode 0600
  if (fd < 0) return failed(temporary);
  std::string text;
  for (const std::string& entry : entries) text += escaped(entry);
  const bool written = write_all(fd, text) && ::rename(temporary.c_str(), path.c_str()) == 0;
  const Status error = written ? Status::ok() : failed(path);
  if (!written) ::unlink(temporary.c_str());
  ::close(fd);
  return error;
}

}  // namespace

std::string usual_history_path() {
  const Result<std::string> folder =
      find_data_folder("", [](const char* variable) { return std::getenv(variable); });
  return folder ? (fs::path(*folder) / "chat_history").string() : "";
}

Result<std::vector<std::string>> InputHistory::load() const {
  if (path_.empty()) return std::vector<std::string>();
  const Result<std::string> text = read_private_file(path_);
  RETURN_IF_ERROR(text);
  std::vector<std::string> entries = entries_of(*text);
  if (entries.size() <= kMaxHistoryEntries) return entries;
  const bool has_many = entries.size() > 2 * kMaxHistoryEntries;
  entries.erase(entries.begin(), entries.end() - kMaxHistoryEntries);
  if (has_many) RETURN_IF_ERROR(rewrite(path_, entries));
  return entries;
}

Status InputHistory::add(std::string_view entry) const {
  if (path_.empty() || entry.size() > kMaxEntryBytes) return Status::ok();
  std::error_code error;
  const fs::path folder = fs::path(path_).parent_path();
  if (fs::create_directories(folder, error)) {
    fs::permissions(folder, fs::perms::owner_all, error);
  }
  const int fd = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return failed(path_);
  const bool written = write_all(fd, escaped(entry));
  const Status status = written ? Status::ok() : failed(path_);
  ::close(fd);
  return status;
}

}  // namespace youtu
