// Scripts that teach shells the command line: commands, options, and values where they are few.
#pragma once

#include <string>

#include "command_line.h"

namespace youtu {

std::string bash_completion(const CommandDescription& program);
std::string zsh_completion(const CommandDescription& program);
std::string fish_completion(const CommandDescription& program);

}  // namespace youtu
