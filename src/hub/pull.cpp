// The order of things: list, choice, room on the disk, bytes, checksums; only when all of them are
// right do files get their names, and the note of the pull comes last.
#include "hub/pull.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "hub/file_choice.h"
#include "hub/part_file.h"

namespace youtu::hub {

namespace {

namespace fs = std::filesystem;

// What a file system needs beside the files themselves.
constexpr int64_t kSpareBytes = int64_t{16} << 20;

std::string gigabytes(int64_t bytes) {
  const int64_t tenths = (bytes + 50'000'000) / 100'000'000;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " GB";
}

// Says what people can do about an answer.
Status explained(const Status& status, const HubSite& site, const ModelName& model) {
  std::string hint;
  if (status.reason() == "forbidden") {
    hint =
        site.token.empty()
            ? " (there is no such model, or it is not for everybody: put a token of yours into " +
                  site.token_variable + ")"
            : " (the token in " + site.token_variable +
                  " opens no such model; its conditions may have to be accepted first: " +
                  site.page_url(model) + ")";
  } else if (status.code() == StatusCode::kNotFound) {
    hint = " for " + site.page_url(model) +
           (model.revision.empty() ? "" : " at " + model.revision) +
           " (Youtu-LLM's are tencent/Youtu-LLM-2B, tencent/Youtu-LLM-2B-Base and "
           "tencent/Youtu-LLM-2B-GGUF)";
  } else if (status.reason() == "dns") {
    hint =
        " (--from hf-mirror, modelscope or a URL asks another hub; a model that is here already "
        "needs none)";
  }
  return Status(status.code(), model.text() + ": " + status.message() + hint);
}

class Pull {
 public:
  Pull(const HubSite& site, const ModelName& model, const std::string& models_folder,
       const DownloadOptions& options, PullMonitor& monitor)
      : site_(site), model_(model), options_(options), monitor_(monitor) {
    pulled_.model = {.owner = model.owner, .name = model.name, .revision = model.revision};
    pulled_.folder = folder_of(models_folder, model);
    pulled_.source = site.url;
    const Result<std::optional<PulledModel>> before = read_pulled(models_folder, model);
    if (before && *before) before_ = **before;
  }

  Result<std::string> run() {
    const Result<ModelLock> lock = ModelLock::take(pulled_.folder);
    RETURN_IF_ERROR(lock);
    RETURN_IF_ERROR(read_list());
    Result<FileChoice> choice = choose_files(list_, model_.variant);
    if (!choice) return choice.status().with_prefix(model_.repository() + ": ");
    if (!choice->reason.empty()) monitor_.say(choice->reason);
    RETURN_IF_ERROR(find_missing(*choice));
    RETURN_IF_ERROR(open_parts());
    for (size_t i = 0; i < missing_.size(); ++i) RETURN_IF_ERROR(fetch(missing_[i], *parts_[i]));
    RETURN_IF_ERROR(put_in_place(*choice));
    return choice->main_file.empty() ? pulled_.folder : path_of(choice->main_file);
  }

 private:
  std::string path_of(const std::string& name) const {
    return (fs::path(pulled_.folder) / name).string();
  }
  std::string parts_folder() const { return path_of(kPartsFolder); }
  std::string part_path(const RemoteFile& file) const {
    return parts_folder() + "/" + file.digest->hex;
  }

  Status read_list() {
    HttpClient client(options_.http);
    std::string text;
    const auto attempt = [&] {
      Result<std::string> answer =
          client.get_text({.url = site_.list_url(model_), .token = site_.token}, kMaxListBytes);
      if (answer) text = *std::move(answer);
      // A name that cannot be resolved at the first try is no passing trouble of the network.
      if (!answer && answer.status().reason() == "dns") {
        return Status(StatusCode::kFailedPrecondition, answer.status().message(), {}, "dns");
      }
      return answer.status();
    };
    const Status status = with_retries(options_, attempt, [] { return int64_t{0}; });
    if (!status) return explained(status, site_, model_);
    Result<FileList> list = site_.parse_list(text);
    if (!list) return list.status().with_prefix(site_.url + ": ");
    list_ = *std::move(list);
    pulled_.commit = list_.commit;
    return Status::ok();
  }

  Status find_missing(const FileChoice& choice) {
    for (const RemoteFile& file : choice.files) {
      const Result<bool> there = is_there(file);
      RETURN_IF_ERROR(there);
      if (*there) {
        monitor_.say(file.name + " is here already");
      } else {
        missing_.push_back(file);
      }
    }
    return Status::ok();
  }

  // Whether the file has its content already. Only plain files are ever read or replaced.
  Result<bool> is_there(const RemoteFile& file) const {
    const std::string path = path_of(file.name);
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return false;
    if (!S_ISREG(info.st_mode)) {
      return Status::failed_precondition(path + ": is there and is no plain file; move it away");
    }
    if (info.st_size != file.size) return false;
    const auto same = [&](const RemoteFile& known) {
      return known.name == file.name && known.digest == file.digest;
    };
    if (std::any_of(before_.files.begin(), before_.files.end(), same)) return true;
    return digest_of_file(path, file.digest->kind, file.size) == file.digest;
  }

  Status open_parts() {
    if (missing_.empty()) return Status::ok();
    RETURN_IF_ERROR(check_room());
    const std::string folder = parts_folder();
    struct stat info {};
    if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) {
      return Status::failed_precondition(folder + ": cannot make: " + std::strerror(errno));
    }
    if (::lstat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
      return Status::failed_precondition(folder + ": is there and is no folder; move it away");
    }
    int64_t total = 0;
    for (const RemoteFile& file : missing_) {
      auto part = std::make_unique<PartFile>();
      RETURN_IF_ERROR(part->open(part_path(file), file.size));
      total += file.size;
      monitor_.done_bytes += part->total_done();
      parts_.push_back(std::move(part));
    }
    if (monitor_.done_bytes > 0) monitor_.say("going on from an earlier try");
    monitor_.begin(total);
    return Status::ok();
  }

  Status check_room() const {
    struct statvfs disk {};
    if (::statvfs(pulled_.folder.c_str(), &disk) != 0) return Status::ok();  // writing will tell
    const auto free = static_cast<int64_t>(disk.f_bavail * disk.f_frsize);
    int64_t needed = 0;
    for (const RemoteFile& file : missing_) {
      needed += std::max<int64_t>(0, file.size - allocated_bytes(part_path(file)));
    }
    if (needed == 0 || needed + kSpareBytes <= free) return Status::ok();
    return Status::resource_exhausted(model_.text() + ": needs " + gigabytes(needed) + " in " +
                                          pulled_.folder + ", where " + gigabytes(free) +
                                          " are free (YOUTU_MODELS names another place)",
                                      "disk_full");
  }

  Status fetch(const RemoteFile& file, PartFile& part) {
    monitor_.begin_file(file.name);
    const DownloadSource source{.url = site_.file_url(model_, list_, file.name),
                                .token = site_.token,
                                .commit = list_.commit};
    const Status status = download(file, source, options_, part, monitor_.done_bytes);
    if (!status) return explained(status, site_, model_);
    monitor_.begin_file(file.name + ": checksum");
    const Result<Digest> digest =
        part.digest(file.digest->kind, [&](int64_t) { return !options_.http.is_stopped(); });
    RETURN_IF_ERROR(digest);
    if (*digest != *file.digest) {
      part.discard();
      return Status::failed_precondition(
          model_.text() + ": " + file.name + ": the checksum of what came is " +
          digest->hex.substr(0, 12) + "..., and the hub's list says " +
          file.digest->hex.substr(0, 12) + "...; it was thrown away");
    }
    monitor_.end_file(file);
    return Status::ok();
  }

  Status put_in_place(const FileChoice& choice) {
    for (size_t i = 0; i < missing_.size(); ++i) {
      RETURN_IF_ERROR(parts_[i]->finish(path_of(missing_[i].name)));
    }
    pulled_.files = choice.files;
    for (const RemoteFile& file : before_.files) {  // other weights of it stay pulled
      const auto same_name = [&](const RemoteFile& other) { return other.name == file.name; };
      if (std::none_of(choice.files.begin(), choice.files.end(), same_name)) {
        pulled_.files.push_back(file);
      }
    }
    std::error_code ignored;
    fs::remove_all(parts_folder(), ignored);
    return write_pulled(pulled_);
  }

  const HubSite& site_;
  const ModelName& model_;
  const DownloadOptions& options_;
  PullMonitor& monitor_;
  PulledModel before_;
  PulledModel pulled_;
  FileList list_;
  std::vector<RemoteFile> missing_;
  std::vector<std::unique_ptr<PartFile>> parts_;  // of missing_, in its order
};

}  // namespace

Result<std::string> pull(const HubSite& site, const ModelName& model,
                         const std::string& models_folder, const DownloadOptions& options,
                         PullMonitor& monitor) {
  return Pull(site, model, models_folder, options, monitor).run();
}

}  // namespace youtu::hub
