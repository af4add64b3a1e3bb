#include "formats/model_folder.h"

#include <algorithm>
#include <filesystem>

#include "base/check.h"
#include "formats/printable.h"

namespace youtu {

namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFiles = 10'000;
constexpr size_t kMaxNameBytes = 255;

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && name != "." && name != ".." &&
         name.find('/') == std::string_view::npos && name.find('\\') == std::string_view::npos &&
         !has_control_characters(name);
}

// Where files of a folder may really lie: in it, or in the cache's blobs/ if it is a
// snapshots/<revision> of one.
bool may_hold(const fs::path& folder, const fs::path& file) {
  const fs::path parent = file.parent_path();
  if (parent == folder) return true;
  return folder.parent_path().filename() == "snapshots" &&
         parent == folder.parent_path().parent_path() / "blobs";
}

}  // namespace

Result<ModelFolder> ModelFolder::open(const std::string& path) {
  std::error_code error;
  ModelFolder folder;
  folder.path_ = path;
  folder.real_path_ = fs::canonical(path, error).string();
  if (error) return Status::not_found(path + ": model directory: " + error.message());
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    if (folder.file_names_.size() >= kMaxFiles) {
      return Status::invalid_argument(path + ": model directory holds more than " +
                                      std::to_string(kMaxFiles) + " files");
    }
    folder.file_names_.push_back(it->path().filename().string());
  }
  if (error) return Status::invalid_argument(path + ": model directory: " + error.message());
  std::sort(folder.file_names_.begin(), folder.file_names_.end());
  return folder;
}

bool ModelFolder::has(std::string_view name) const {
  return std::binary_search(file_names_.begin(), file_names_.end(), name);
}

std::string ModelFolder::path_of(std::string_view name) const {
  std::string path = path_;
  if (!path.ends_with('/')) path += '/';
  return path + printable(name, kMaxNameBytes);
}

Result<std::string> ModelFolder::checked_path(const std::string& name) const {
  if (!is_plain_name(name)) {
    return Status::invalid_argument(path_ + ": \"" + printable(name) + "\" is no plain file name");
  }
  const std::string path = path_of(name);
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  if (error) return Status::not_found(path + ": " + error.message());
  if (!may_hold(real_path_, target)) {
    return Status::invalid_argument(
        path + ": is a symbolic link to a file outside of the model directory");
  }
  return target.string();
}

Result<MappedFile> ModelFolder::map(const std::string& name) const {
  const auto path = checked_path(name);
  RETURN_IF_ERROR(path);
  return MappedFile::open(*path);
}

Result<std::string> ModelFolder::read(const std::string& name, size_t max_bytes) const {
  const auto path = checked_path(name);
  RETURN_IF_ERROR(path);
  return read_file(*path, max_bytes);
}

Result<Json> ModelFolder::read_json(const std::string& name, const JsonLimits& limits) const {
  const auto text = read(name, limits.max_bytes);
  RETURN_IF_ERROR(text);
  auto json = parse_json(*text, limits);
  if (!json) return json.status().with_prefix(path_of(name) + ": ");
  return json;
}

}  // namespace youtu
