// Where the demo model of this project is, for commands that are given no --model.
#pragma once

#include <string>

#include "youtu/status.h"

namespace youtu {

// The folder models/demo near the program: in the source tree that holds the build, or share/youtu
// of the place it is installed in; at last, under the working directory.
Result<std::string> demo_model_path();

// `given`, or the demo model when it is empty.
Result<std::string> model_path_or_demo(const std::string& given);

}  // namespace youtu
