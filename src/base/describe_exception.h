// What exceptions of libraries say, in words that tell who runs the program what to look at.
#pragma once

#include <exception>
#include <string>

namespace youtu {

// No memory, or no room for one more thread: which limits set it. Else what the exception says.
std::string describe_exception(const std::exception& error);

}  // namespace youtu
