// A grammar from bytes, with its schemas and patterns inside.
#include <cstddef>
#include <cstdint>
#include <string>

#include "format_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  youtu::walk_format({.kind = youtu::OutputFormat::Kind::kGrammar,
                      .text = std::string(reinterpret_cast<const char*>(data), size)});
  return 0;
}
