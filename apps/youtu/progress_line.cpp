#include "progress_line.h"

#include <unistd.h>

#include <cstdio>

namespace youtu {

void show_progress(std::string_view what) {
  if (::isatty(STDERR_FILENO) == 0) return;
  std::fprintf(stderr, "\r\033[K%.*s", static_cast<int>(what.size()), what.data());
  std::fflush(stderr);
}

}  // namespace youtu
