// The manual page youtu(1), in roff, written from the command line's own description.
#pragma once

#include <string>

#include "command_line.h"

namespace youtu {

std::string manual_page(const CommandDescription& program, const std::string& version);

}  // namespace youtu
