// The `format` of a JSON schema's strings, as patterns.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace youtu {

// A pattern of the whole string; what it matches is of that format, though not all of the format
// need match. Nothing for a format that is not known.
std::optional<std::string> pattern_of_format(std::string_view format);
// "date, date-time, ..."
std::string known_formats();

}  // namespace youtu
