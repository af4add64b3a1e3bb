// UTF-8 as in RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace youtu {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

// Offset of the first byte that is not UTF-8, or npos if all of `text` is.
size_t find_invalid_utf8(std::string_view text);
inline bool is_utf8(std::string_view text) {
  return find_invalid_utf8(text) == std::string_view::npos;
}

// One character at the front of `text`: its code point and its length in bytes. A malformed
// sequence decodes as U+FFFD and has the length of its longest valid prefix (at least 1), as
// Unicode recommends. REQUIRES: not empty.
struct DecodedChar {
  char32_t code_point;
  size_t length;
  bool valid;
};
DecodedChar decode_utf8(std::string_view text);

void append_utf8(std::string& out, char32_t code_point);

// How many bytes at the end of `text` begin a character that is not complete yet (0 to 3).
size_t incomplete_utf8_tail(std::string_view text);

// `text` with each malformed sequence replaced by U+FFFD.
std::string replace_invalid_utf8(std::string_view text);

}  // namespace youtu
