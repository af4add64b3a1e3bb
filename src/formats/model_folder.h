// A folder with a model in it, and the only way by which files in it are opened: by plain names,
// and never outside.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/mapped_file.h"
#include "youtu/status.h"

namespace youtu {

class ModelFolder {
 public:
  // Fails if `path` is no readable folder.
  static Result<ModelFolder> open(const std::string& path);

  const std::string& path() const { return path_; }
  const std::vector<std::string>& file_names() const { return file_names_; }  // sorted
  bool has(std::string_view name) const;

  // `name` comes from other files, so it is checked: a plain file name, of a file that lies in the
  // folder. A symbolic link must stay in the folder, or lead into the blob store beside it that
  // Hugging Face's cache uses. Errors name the file.
  Result<MappedFile> map(const std::string& name) const;
  Result<std::string> read(const std::string& name, size_t max_bytes) const;
  Result<Json> read_json(const std::string& name, const JsonLimits& limits) const;

  // `name` with the folder before it, for messages.
  std::string path_of(std::string_view name) const;

 private:
  Result<std::string> checked_path(const std::string& name) const;

  std::string path_;
  std::string real_path_;  // without symbolic links
  std::vector<std::string> file_names_;
};

}  // namespace youtu
