#include "hub/model_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "base/check.h"
#include "base/json.h"
#include "base/new_file.h"
#include "hub/file_choice.h"

namespace youtu::hub {

namespace {

namespace fs = std::filesystem;

constexpr const char* kNote = ".youtu.json";
constexpr const char* kLock = ".lock";
constexpr JsonLimits kNoteLimits = {.max_bytes = 1u << 20, .max_depth = 8, .max_nodes = 50'000};

Status damaged(const std::string& path, const std::string& what) {
  return Status::failed_precondition(path + ": " + what + " (youtu pull writes it anew)");
}

std::string join(const std::string& folder, const std::string& name) {
  return (fs::path(folder) / name).string();
}

Json file_json(const RemoteFile& file) {
  const char* kind = file.digest->kind == DigestKind::kSha256 ? "sha256" : "git_blob";
  return {{"name", file.name}, {"size", file.size}, {kind, file.digest->hex}};
}

std::string text_of(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

Result<RemoteFile> read_file(const Json& entry) {
  if (!entry.is_object()) return Status::invalid_argument("a file that is no object");
  RemoteFile file{.name = text_of(entry, "name")};
  if (!is_safe_file_name(file.name)) return Status::invalid_argument("a file without a name");
  const auto size = entry.find("size");
  if (size == entry.end() || !size->is_number_unsigned()) {
    return Status::invalid_argument(file.name + " without a size");
  }
  file.size = size->get<int64_t>();
  const bool is_sha256 = entry.contains("sha256");
  Result<Digest> digest = parse_digest(is_sha256 ? DigestKind::kSha256 : DigestKind::kGitBlob,
                                       text_of(entry, is_sha256 ? "sha256" : "git_blob"));
  if (!digest) return digest.status().with_prefix(file.name + ": ");
  file.digest = *std::move(digest);
  return file;
}

Result<PulledModel> parse_note(const std::string& text) {
  const Result<Json> json = parse_json(text, kNoteLimits);
  RETURN_IF_ERROR(json);
  if (!json->is_object() || !json->contains("files") || !(*json)["files"].is_array()) {
    return Status::invalid_argument("no list of files");
  }
  Result<ModelName> model = parse_model_name(text_of(*json, "model"));
  RETURN_IF_ERROR(model);
  PulledModel pulled{.model = *std::move(model),
                     .source = text_of(*json, "source"),
                     .commit = text_of(*json, "commit")};
  for (const Json& entry : (*json)["files"]) {
    Result<RemoteFile> file = read_file(entry);
    RETURN_IF_ERROR(file);
    pulled.files.push_back(*std::move(file));
  }
  return pulled;
}

Result<std::optional<PulledModel>> read_note(const std::string& folder) {
  const std::string path = join(folder, kNote);
  std::error_code error;
  if (!fs::exists(path, error)) return std::optional<PulledModel>();
  if (!fs::is_regular_file(path, error) || fs::file_size(path, error) > kNoteLimits.max_bytes) {
    return damaged(path, "is no note of a pull");
  }
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  Result<PulledModel> pulled = parse_note(text.str());
  if (!pulled) return damaged(path, pulled.status().message());
  pulled->folder = folder;
  return std::optional<PulledModel>(*std::move(pulled));
}

// The process that wrote its id into the lock file.
std::string holder(int fd) {
  std::array<char, 24> text{};
  const ssize_t size = ::pread(fd, text.data(), text.size(), 0);
  const std::string id(text.data(), size > 0 ? static_cast<size_t>(size) : 0);
  const bool is_number = !id.empty() && id.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? " (process " + id + ")" : "";
}

}  // namespace

Result<std::string> find_models_folder(const Environment& environment) {
  if (const char* models = environment("YOUTU_MODELS"); models && *models) {
    return std::string(models);
  }
  constexpr std::array<std::pair<const char*, const char*>, 2> kPlaces = {
      {{"XDG_DATA_HOME", "youtu-serve/models"}, {"HOME", ".local/share/youtu-serve/models"}}};
  for (const auto& [variable, folder] : kPlaces) {
    const char* value = environment(variable);
    if (value && fs::path(value).is_absolute()) return join(value, folder);
  }
  return Status::failed_precondition(
      "there is no place for models: none of YOUTU_MODELS, XDG_DATA_HOME and HOME is set");
}

std::string folder_of(const std::string& models_folder, const ModelName& model) {
  const std::string name = model.revision.empty() ? model.name : model.name + "@" + model.revision;
  return (fs::path(models_folder) / model.owner / name).string();
}

int64_t PulledModel::total_bytes() const {
  int64_t total = 0;
  for (const RemoteFile& file : files) total += file.size;
  return total;
}

std::string PulledModel::first_missing() const {
  for (const RemoteFile& file : files) {
    std::error_code error;
    const uintmax_t size = fs::file_size(join(folder, file.name), error);
    if (error || size != static_cast<uintmax_t>(file.size)) return file.name;
  }
  return "";
}

std::string PulledModel::first_damaged() const {
  const std::string missing = first_missing();
  if (!missing.empty()) return missing;
  for (const RemoteFile& file : files) {
    if (file.digest &&
        digest_of_file(join(folder, file.name), file.digest->kind, file.size) != file.digest) {
      return file.name;
    }
  }
  return "";
}

Result<std::optional<PulledModel>> read_pulled(const std::string& models_folder,
                                               const ModelName& model) {
  return read_note(folder_of(models_folder, model));
}

Status write_pulled(const PulledModel& pulled) {
  Json files = Json::array();
  for (const RemoteFile& file : pulled.files) files.push_back(file_json(file));
  const Json note = {{"model", pulled.model.text()},
                     {"source", pulled.source},
                     {"commit", pulled.commit},
                     {"files", std::move(files)}};
  const std::string text = note.dump(2) + "\n";
  Result<NewFile> file = NewFile::create(join(pulled.folder, kNote));
  RETURN_IF_ERROR(file);
  RETURN_IF_ERROR(file->write_at(0, {reinterpret_cast<const uint8_t*>(text.data()), text.size()}));
  return file->finish(/*replaces=*/true);
}

Result<std::optional<std::string>> find_pulled_path(const std::string& models_folder,
                                                    const ModelName& model) {
  const auto pulled = read_pulled(models_folder, model);
  RETURN_IF_ERROR(pulled);
  if (!*pulled) return std::optional<std::string>();
  const Result<FileChoice> choice = choose_files({.files = (*pulled)->files}, model.variant);
  if (!choice) return std::optional<std::string>();  // other weights of it were pulled
  PulledModel wanted = **pulled;
  wanted.files = choice->files;
  if (!wanted.first_missing().empty()) return std::optional<std::string>();
  return std::optional<std::string>(
      choice->main_file.empty() ? wanted.folder : join(wanted.folder, choice->main_file));
}

Result<std::vector<PulledModel>> list_pulled(const std::string& models_folder) {
  std::vector<PulledModel> found;
  std::error_code error;
  if (!fs::exists(models_folder, error)) return found;
  for (const fs::directory_entry& owner : fs::directory_iterator(models_folder, error)) {
    std::error_code ignored;
    if (!owner.is_directory(ignored)) continue;
    for (const fs::directory_entry& folder : fs::directory_iterator(owner.path(), ignored)) {
      Result<std::optional<PulledModel>> pulled = read_note(folder.path().string());
      RETURN_IF_ERROR(pulled);
      if (*pulled) found.push_back(**std::move(pulled));
    }
  }
  if (error) return Status::failed_precondition(models_folder + ": " + error.message());
  std::sort(found.begin(), found.end(), [](const PulledModel& a, const PulledModel& b) {
    return a.model.text() < b.model.text();
  });
  return found;
}

Result<int64_t> remove_pulled(const PulledModel& pulled) {
  int64_t freed = 0;
  std::error_code error;
  const auto remove = [&](const std::string& name) {
    const fs::path path = fs::path(pulled.folder) / name;
    const uintmax_t size = fs::file_size(path, error);
    if (fs::remove(path, error)) freed += error ? 0 : static_cast<int64_t>(size);
    if (error && error != std::errc::no_such_file_or_directory) {
      return Status::failed_precondition(path.string() + ": cannot remove: " + error.message());
    }
    return Status::ok();
  };
  // The note first: what is left of an interrupted removal is then no model any more.
  RETURN_IF_ERROR(remove(kNote));
  for (const RemoteFile& file : pulled.files) RETURN_IF_ERROR(remove(file.name));
  fs::remove_all(fs::path(pulled.folder) / kPartsFolder, error);
  fs::remove(fs::path(pulled.folder) / kLock, error);
  fs::remove(pulled.folder, error);  // fails, as it should, where something else is in it
  fs::remove(fs::path(pulled.folder).parent_path(), error);
  return freed;
}

Result<ModelLock> ModelLock::take(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Status::failed_precondition(folder + ": cannot make: " + error.message());
  const std::string path = join(folder, kLock);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (fd < 0) return Status::failed_precondition(path + ": " + std::strerror(errno));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int code = errno;
    const std::string who = holder(fd);
    ::close(fd);
    if (code != EWOULDBLOCK) return Status::failed_precondition(path + ": " + std::strerror(code));
    return Status::failed_precondition(folder + " is being pulled by another youtu" + who);
  }
  const std::string id = std::to_string(::getpid());
  if (::ftruncate(fd, 0) == 0) [[maybe_unused]]
    const ssize_t written = ::pwrite(fd, id.data(), id.size(), 0);
  return ModelLock(fd);
}

ModelLock::ModelLock(ModelLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

ModelLock::~ModelLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace youtu::hub
