// The optional cleaning of a prompt that the tuning guide describes, for Chinese punctuation.
#pragma once

#include <string>
#include <string_view>

namespace youtu {

// Curly double quotes become ", curly single quotes ', the ellipsis character three dots;
// whitespace at the ends goes. Bytes that are no UTF-8 stay as they are.
std::string clean_input(std::string_view text);

}  // namespace youtu
