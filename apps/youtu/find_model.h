// What every command makes of its --model: a path, a pulled model's name, or nothing.
#pragma once

#include <functional>
#include <string>

#include "youtu/status.h"

namespace youtu {

struct FindModelOptions {
  bool offline = false;  // a model that is not here is not pulled; YOUTU_OFFLINE says so, too
  std::function<void(double share)> on_pull_progress = {};  // 0 to 1; of another thread
};

// The path to open for `given`: itself where it exists, else the model of that name
// ("tencent/Youtu-LLM-2B"), which is pulled if it is not here yet; the demo model for an empty one.
Result<std::string> find_model(const std::string& given, const FindModelOptions& options = {});

}  // namespace youtu
