#include "formats/printable.h"

#include <algorithm>

#include "base/utf8.h"

namespace youtu {

namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

}  // namespace

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

std::string printable(std::string_view text, size_t max_bytes) {
  std::string out;
  while (!text.empty() && out.size() < max_bytes) {
    const DecodedChar c = decode_utf8(text);
    if (!c.valid || is_control(text[0])) {
      out += '?';
    } else {
      out += text.substr(0, c.length);
    }
    text.remove_prefix(c.length);
  }
  if (!text.empty()) out += "...";
  return out;
}

}  // namespace youtu
