// What a server says of itself. Nobody may be there to hear it: a pipe without a reader and a full
// disk are no reason to end it, and fmt::print throws where a write fails.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

namespace youtu {

template <typename... Parts>
void say(std::FILE* file, fmt::format_string<Parts...> format, Parts&&... parts) {
  const std::string text = fmt::format(format, std::forward<Parts>(parts)...);
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

}  // namespace youtu
