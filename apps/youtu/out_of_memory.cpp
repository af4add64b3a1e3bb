#include "out_of_memory.h"

#include <unistd.h>

#include <new>
#include <string>

#include "base/describe_exception.h"
#include "commands.h"

namespace youtu {

namespace {

// Made while there is memory.
std::string& last_line() {
  static std::string line;
  return line;
}

void end_program() {
  const std::string& line = last_line();
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
  ::_exit(kExitModel);
}

}  // namespace

void end_when_out_of_memory() {
  last_line() = "error: " + describe_exception(std::bad_alloc()) + "\n";
  std::set_new_handler(end_program);
}

void throw_when_out_of_memory() {
  std::set_new_handler(nullptr);
}

}  // namespace youtu
