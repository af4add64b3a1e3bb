// The escapes of a string in a template, which are Python's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace youtu::jinja {

// `body` is what stands between the quotes. Nothing if an escape is malformed, or names a code
// point that UTF-8 cannot hold. A backslash before any other character stands for itself.
std::optional<std::string> unescape_string(std::string_view body);

}  // namespace youtu::jinja
