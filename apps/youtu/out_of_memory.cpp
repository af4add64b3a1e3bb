#include "out_of_memory.h"

#include <unistd.h>

#include <new>
#include <string_view>

#include "commands.h"

namespace youtu {

namespace {

void end_program() {
  constexpr std::string_view kLine =
      "error: the system gives no more memory (ulimit -v, the control group)\n";
  // Nothing that might allocate.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kLine.data(), kLine.size());
  ::_exit(kExitModel);
}

}  // namespace

void end_when_out_of_memory() {
  std::set_new_handler(end_program);
}

void throw_when_out_of_memory() {
  std::set_new_handler(nullptr);
}

}  // namespace youtu
