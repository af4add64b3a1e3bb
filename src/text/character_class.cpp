#include "text/character_class.h"

#include <utf8proc.h>

#include "base/utf8.h"

namespace youtu {

namespace {

// The last character of a text that is not empty.
DecodedChar decode_last(std::string_view text) {
  size_t begin = text.size() - 1;
  while (begin > 0 && text.size() - begin < 4 &&
         (static_cast<unsigned char>(text[begin]) & 0xC0u) == 0x80u) {
    --begin;
  }
  return decode_utf8(text.substr(begin));
}

}  // namespace

bool is_white_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

bool is_word_character(char32_t c) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC:
      return true;
    default:
      // Circled and squared letters are Alphabetic although they are symbols.
      return (c >= 0x24B6 && c <= 0x24E9) || (c >= 0x1F130 && c <= 0x1F149) ||
             (c >= 0x1F150 && c <= 0x1F169) || (c >= 0x1F170 && c <= 0x1F189);
  }
}

size_t leading_white_space(std::string_view text) {
  size_t n = 0;
  while (n < text.size()) {
    const DecodedChar c = decode_utf8(text.substr(n));
    if (!is_white_space(c.code_point)) break;
    n += c.length;
  }
  return n;
}

size_t trailing_white_space(std::string_view text) {
  size_t n = 0;
  while (n < text.size()) {
    const DecodedChar c = decode_last(text.substr(0, text.size() - n));
    if (!is_white_space(c.code_point)) break;
    n += c.length;
  }
  return n;
}

}  // namespace youtu
