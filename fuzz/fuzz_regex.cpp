// A regular expression from bytes, as an output format and as a schema's pattern.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/json.h"
#include "format_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string pattern(reinterpret_cast<const char*>(data), size);
  youtu::walk_format({.kind = youtu::OutputFormat::Kind::kRegex, .text = pattern});
  const youtu::Json schema = {{"type", "string"}, {"pattern", pattern}};
  youtu::walk_format(
      {.kind = youtu::OutputFormat::Kind::kJsonSchema, .text = youtu::dump_json(schema)});
  return 0;
}
