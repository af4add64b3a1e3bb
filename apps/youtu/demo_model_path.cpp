// Finds the demo model from where the program is, so that the program works from any working
// directory and nothing of the machine that built it is written into it.
#include "demo_model_path.h"

#include <filesystem>
#include <system_error>
#include <vector>

namespace youtu {
namespace {

namespace fs = std::filesystem;

// build/release/apps/youtu/youtu is four folders below the source tree; an installed bin/youtu one
// below its prefix.
constexpr int kMaxFoldersUp = 5;

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

}  // namespace

Result<std::string> demo_model_path() {
  for (const fs::path& folder : candidates()) {
    if (is_model_folder(folder)) return folder.string();
  }
  return Status::not_found(
      "the demo model (models/demo) is not near this program; name a model with --model");
}

Result<std::string> model_path_or_demo(const std::string& given) {
  if (!given.empty()) return given;
  return demo_model_path();
}

}  // namespace youtu
