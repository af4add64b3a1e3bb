// A JSON schema from bytes: it is refused with a place and a reason, or its automaton takes some
// step, and always within its limits.
#include <cstddef>
#include <cstdint>
#include <string>

#include "format_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  youtu::walk_format({.kind = youtu::OutputFormat::Kind::kJsonSchema,
                      .text = std::string(reinterpret_cast<const char*>(data), size)});
  return 0;
}
