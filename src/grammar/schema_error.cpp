#include "grammar/schema_error.h"

namespace youtu {
namespace {

Status refuse(const SchemaPlace& place, std::string_view what, const char* reason) {
  const std::string where = place.pointer.empty() ? "(root)" : place.pointer;
  return Status::invalid_argument(where + ": " + std::string(what), "response_format", reason);
}

}  // namespace

SchemaPlace SchemaPlace::below(std::string_view key) const {
  SchemaPlace place = {.pointer = pointer + "/", .depth = depth + 1};
  for (const char letter : key) {
    if (letter == '~') {
      place.pointer += "~0";
    } else if (letter == '/') {
      place.pointer += "~1";
    } else {
      place.pointer += letter;
    }
  }
  return place;
}

Status unsupported_schema(const SchemaPlace& place, std::string_view what) {
  return refuse(place, what, "unsupported_schema");
}
Status invalid_schema(const SchemaPlace& place, std::string_view what) {
  return refuse(place, what, "invalid_schema");
}
Status schema_too_large(const SchemaPlace& place, std::string_view what) {
  return refuse(place, what, "schema_too_large");
}

}  // namespace youtu
