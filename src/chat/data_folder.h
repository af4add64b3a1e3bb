// The folder in which the program keeps what must outlive it. One process at a time.
#pragma once

#include <functional>
#include <string>

#include "youtu/status.h"

namespace youtu {

// The folder of a setting; for an empty one $XDG_STATE_HOME/youtu-serve or
// ~/.local/state/youtu-serve. Fails where neither variable is an absolute path.
Result<std::string> find_data_folder(
    const std::string& setting,
    const std::function<const char*(const char* variable)>& environment);

// Holds the folder until it is destroyed or the process ends, however that happens. Move-only.
class DataFolder {
 public:
  // Makes the folder where it is missing, for its owner only. Errors name the folder; a folder that
  // another process holds is told with that process's id.
  static Result<DataFolder> open(const std::string& path);

  DataFolder(DataFolder&& other) noexcept;
  DataFolder& operator=(DataFolder&& other) = delete;
  ~DataFolder();

  const std::string& path() const { return path_; }

 private:
  DataFolder(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::string path_;
  int lock_ = -1;
};

}  // namespace youtu
