// What was typed before, in a file that only its owner reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "youtu/status.h"

namespace youtu {

inline constexpr size_t kMaxHistoryEntries = 1000;

// An entry is a line of the file, with its own line breaks as "\n" and backslashes doubled. Several
// programs may add to it.
class InputHistory {
 public:
  // An empty path keeps nothing. The folder is made, for its owner only, when the first entry is
  // added.
  explicit InputHistory(std::string path) : path_(std::move(path)) {}

  // Oldest first, the last kMaxHistoryEntries; a file that has many more is cut to them. Nothing
  // where there is no file.
  Result<std::vector<std::string>> load() const;
  Status add(std::string_view entry) const;

 private:
  std::string path_;
};

// $XDG_STATE_HOME/youtu-serve/chat_history, else ~/.local/state/youtu-serve/chat_history; empty
// where neither is an absolute path.
std::string usual_history_path();

}  // namespace youtu
