#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace youtu {

void check_failed(std::string_view expression, std::source_location where) {
  std::fprintf(stderr, "%s:%u: check failed in %s: %.*s\n", where.file_name(), where.line(),
               where.function_name(), static_cast<int>(expression.size()), expression.data());
  std::fflush(stderr);
  std::abort();
}

}  // namespace youtu
