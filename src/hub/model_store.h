// Where pulled models are kept: <models>/<owner>/<name>, or <name>@<revision>, each a folder as any
// program reads it, with a note of what was pulled (.youtu.json).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hub/file_list.h"
#include "hub/hub_site.h"
#include "hub/model_name.h"
#include "youtu/status.h"

namespace youtu::hub {

// $YOUTU_MODELS, $XDG_DATA_HOME/youtu-serve/models or ~/.local/share/youtu-serve/models.
Result<std::string> find_models_folder(const Environment& environment);

std::string folder_of(const std::string& models_folder, const ModelName& model);

struct PulledModel {
  ModelName model = {};  // without a variant
  std::string folder = {};
  std::string source = {};  // the hub's URL
  std::string commit = {};
  std::vector<RemoteFile> files = {};

  int64_t total_bytes() const;
  // The first file that is missing or not of its size; empty: all are there.
  std::string first_missing() const;
  // The first file that is not what was pulled; empty: all are. Reads all of them.
  std::string first_damaged() const;
};

// Nothing where the model was never pulled; an error where the note is damaged.
Result<std::optional<PulledModel>> read_pulled(const std::string& models_folder,
                                               const ModelName& model);
Status write_pulled(const PulledModel& pulled);

// What a command opens for `model`: the folder, or its GGUF file. Nothing if it is not there in
// full.
Result<std::optional<std::string>> find_pulled_path(const std::string& models_folder,
                                                    const ModelName& model);

// In the order of their names.
Result<std::vector<PulledModel>> list_pulled(const std::string& models_folder);

// The files that were pulled, what is left of pulls, and the folder if nothing else is in it.
// Returns the bytes that are free now. REQUIRES: the folder is locked.
Result<int64_t> remove_pulled(const PulledModel& pulled);

// Held by one process at a time. Move-only.
class ModelLock {
 public:
  // Makes the folder. An error names the process that has the lock.
  static Result<ModelLock> take(const std::string& folder);

  ModelLock(ModelLock&& other) noexcept;
  ModelLock& operator=(ModelLock&& other) = delete;
  ~ModelLock();

 private:
  explicit ModelLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

// Of a model's folder: where files lie until they are complete.
inline constexpr const char* kPartsFolder = ".parts";

}  // namespace youtu::hub
