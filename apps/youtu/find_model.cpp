#include "find_model.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include "base/check.h"
#include "hub/hub_site.h"
#include "hub/model_name.h"
#include "hub/model_store.h"
#include "pull_command.h"

namespace youtu {
namespace {

namespace fs = std::filesystem;

// build/release/apps/youtu/youtu is four folders below the source tree; an installed bin/youtu one
// below its prefix.
constexpr int kMaxFoldersUp = 5;

// The demo model is found from where the program is, so that the program works from any working
// directory and nothing of the machine that built it is written into it: in the source tree that
// holds the build, or share/youtu of the place it is installed in; at last, under the working
// directory.
bool is_model_folder(const fs::path& folder) {
  std::error_code error;
  return fs::is_regular_file(folder / "config.json", error);
}

std::vector<fs::path> candidates() {
  std::vector<fs::path> found;
  std::error_code error;
  fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (int i = 0; i < kMaxFoldersUp && !error && folder.has_relative_path(); ++i) {
    found.push_back(folder / "models/demo");
    found.push_back(folder / "share/youtu/models/demo");
    folder = folder.parent_path();
  }
  found.push_back("models/demo");
  return found;
}

Result<std::string> demo_model_path() {
  for (const fs::path& folder : candidates()) {
    if (is_model_folder(folder)) return folder.string();
  }
  return Status::not_found(
      "the demo model (models/demo) is not near this program; name a model with --model");
}

Result<std::string> pulled_model(const std::string& given, const FindModelOptions& options) {
  const Result<hub::ModelName> name = hub::parse_model_name(given);
  RETURN_IF_ERROR(name);
  const Result<std::string> models = hub::find_models_folder(std::getenv);
  RETURN_IF_ERROR(models);
  const Result<std::optional<std::string>> path = hub::find_pulled_path(*models, *name);
  RETURN_IF_ERROR(path);
  if (*path) return **path;
  const std::string what = given + ": no such model directory or GGUF file, and no pulled model";
  if (options.offline || hub::is_offline(std::getenv)) {
    return Status::not_found(what + " in " + *models + " (offline: nothing is pulled)");
  }
  std::fprintf(stderr, "%s; pulling it\n", what.c_str());
  return pull_model({.model = given, .on_progress = options.on_pull_progress});
}

}  // namespace

Result<std::string> find_model(const std::string& given, const FindModelOptions& options) {
  if (given.empty()) return demo_model_path();
  std::error_code error;
  // What exists is never looked for elsewhere; what is no name, the opener says more about.
  if (fs::exists(given, error) || !hub::is_like_model_name(given)) return given;
  return pulled_model(given, options);
}

}  // namespace youtu
