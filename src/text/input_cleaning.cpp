// clean_input() of include/youtu/tokenizer.h.
#include "base/utf8.h"
#include "text/character_class.h"
#include "youtu/tokenizer.h"

namespace youtu {

std::string clean_input(std::string_view text) {
  text.remove_prefix(leading_white_space(text));
  text.remove_suffix(trailing_white_space(text));
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const DecodedChar c = decode_utf8(text.substr(i));
    switch (c.code_point) {
      case 0x201C:
      case 0x201D:
        out += '"';
        break;
      case 0x2018:
      case 0x2019:
        out += '\'';
        break;
      case 0x2026:
        out += "...";
        break;
      default:
        out += text.substr(i, c.length);
    }
    i += c.length;
  }
  return out;
}

}  // namespace youtu
