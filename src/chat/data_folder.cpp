#include "chat/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/sync_folder.h"

namespace youtu {

namespace {

namespace fs = std::filesystem;

Status cannot_use(const std::string& path, int error) {
  return Status::failed_precondition("data_dir " + path + ": " +
                                     std::generic_category().message(error));
}

// What is kept in a new folder is lost with its name, so that is on the disk first.
Status make_folder(const std::string& path) {
  std::error_code error;
  std::vector<fs::path> parents;  // of all that are missing
  fs::path missing = fs::absolute(path, error);
  while (!missing.empty() && !fs::exists(missing, error)) {
    missing = missing.parent_path();
    parents.push_back(missing);
  }
  const bool made = fs::create_directories(path, error);
  if (!error && made) fs::permissions(path, fs::perms::owner_all, error);
  if (error) return cannot_use(path, error.value());
  for (const fs::path& parent : parents) sync_folder(parent.string());
  return Status::ok();
}

// The process that wrote its id into the lock file.
std::string holder(int lock) {
  std::array<char, 24> text{};
  const ssize_t size = ::pread(lock, text.data(), text.size(), 0);
  const std::string id(text.data(), size > 0 ? static_cast<size_t>(size) : 0);
  const bool is_number = !id.empty() && id.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? " (process " + id + ")" : "";
}

}  // namespace

Result<std::string> find_data_folder(
    const std::string& setting,
    const std::function<const char*(const char* variable)>& environment) {
  if (!setting.empty()) return setting;
  constexpr std::array<std::pair<const char*, const char*>, 2> kPlaces = {
      {{"XDG_STATE_HOME", "youtu-serve"}, {"HOME", ".local/state/youtu-serve"}}};
  for (const auto& [variable, folder] : kPlaces) {
    const char* value = environment(variable);
    // A relative path would be another folder for every working directory.
    if (value && fs::path(value).is_absolute()) return (fs::path(value) / folder).string();
  }
  return Status::failed_precondition(
      "there is no place for sessions: neither XDG_STATE_HOME nor HOME is set (give data_dir, or "
      "sessions: false)");
}

Result<DataFolder> DataFolder::open(const std::string& path) {
  if (Status status = make_folder(path); !status) return status;
  const std::string lock_path = (fs::path(path) / "lock").string();
  const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock < 0) return cannot_use(lock_path, errno);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const std::string who = holder(lock);
    ::close(lock);
    if (error != EWOULDBLOCK) return cannot_use(lock_path, error);
    return Status::failed_precondition("data_dir " + path + " is in use by another youtu serve" +
                                       who + " (give each its own)");
  }
  // The id is for people: a lock that cannot be written into is a lock all the same.
  const std::string id = std::to_string(::getpid());
  if (::ftruncate(lock, 0) == 0) {
    [[maybe_unused]] const ssize_t written = ::pwrite(lock, id.data(), id.size(), 0);
  }
  return DataFolder(path, lock);
}

DataFolder::DataFolder(DataFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataFolder::~DataFolder() {
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace youtu
