#include "report_error.h"

#include <cstdio>

#include "commands.h"

namespace youtu {

int report_error(const Status& status) {
  std::fprintf(stderr, "error: %s\n", status.message().c_str());
  if (status.code() == StatusCode::kCancelled) return kExitInterrupted;
  return status.param().empty() ? kExitModel : kExitConfiguration;
}

}  // namespace youtu
