// Text from a file made fit for an error message: one line, no control characters, not too long.
#pragma once

#include <string>
#include <string_view>

namespace youtu {

// Control characters and bytes that are no UTF-8 become '?'; what is longer than `max_bytes` ends
// in "...".
std::string printable(std::string_view text, size_t max_bytes = 80);

// Characters below U+0020, and U+007F.
bool has_control_characters(std::string_view text);

}  // namespace youtu
