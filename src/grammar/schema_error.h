// How a schema is refused: by the place in it, as a JSON pointer, and what is wrong there.
#pragma once

#include <string>
#include <string_view>

#include "youtu/status.h"

namespace youtu {

// A schema inside a document.
struct SchemaPlace {
  std::string pointer = {};  // RFC 6901; "" is the whole document
  int depth = 0;

  SchemaPlace below(std::string_view key) const;
  SchemaPlace below(std::string_view key, std::string_view name) const {
    return below(key).below(name);
  }
  SchemaPlace below(std::string_view key, size_t index) const {
    return below(key).below(std::to_string(index));
  }
};

// The schema is well, but more than can be held to. "(root): ..." for the whole document.
Status unsupported_schema(const SchemaPlace& place, std::string_view what);
// It is no schema, or no value can ever meet it.
Status invalid_schema(const SchemaPlace& place, std::string_view what);
// It is beyond a limit.
Status schema_too_large(const SchemaPlace& place, std::string_view what);

}  // namespace youtu
