#include "text/jinja/string_literal.h"

#include "base/utf8.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace youtu::jinja {

namespace {

// The characters of the simple escapes and what they stand for.
constexpr std::string_view kEscapes = "\\'\"abfnrtv";
constexpr std::string_view kMeanings = "\\'\"\a\b\f\n\r\t\v";

// Appends the code point written as `length` digits of `base` at the front of `digits`.
bool append_code_point(std::string& out, std::string_view digits, size_t length, int base) {
  if (digits.size() < length) return false;
  uint32_t code_point = 0;
  const char* end = digits.data() + length;
  const auto result = std::from_chars(digits.data(), end, code_point, base);
  if (result.ec != std::errc() || result.ptr != end) return false;
  if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF)) return false;
  append_utf8(out, static_cast<char32_t>(code_point));
  return true;
}

size_t count_octal_digits(std::string_view text) {
  const size_t end = std::min(text.find_first_not_of("01234567"), text.size());
  return std::min<size_t>(end, 3);
}

}  // namespace

std::optional<std::string> unescape_string(std::string_view body) {
  std::string out;
  while (!body.empty()) {
    const size_t plain = std::min(body.find('\\'), body.size());
    out += body.substr(0, plain);
    body.remove_prefix(plain);
    if (body.size() < 2) break;  // the lexer never ends a string with a lone backslash
    const char c = body[1];
    body.remove_prefix(2);
    if (const size_t i = kEscapes.find(c); i != std::string_view::npos) {
      out += kMeanings[i];
    } else if (c == '\n') {
      continue;  // a line that is continued
    } else if (c == 'x' || c == 'u' || c == 'U') {
      const size_t length = c == 'x' ? 2 : c == 'u' ? 4 : 8;
      if (!append_code_point(out, body, length, 16)) return std::nullopt;
      body.remove_prefix(length);
    } else if (c >= '0' && c <= '7') {
      const size_t more = count_octal_digits(body.substr(0, 2));
      const std::string digits = std::string(1, c) + std::string(body.substr(0, more));
      if (!append_code_point(out, digits, digits.size(), 8)) return std::nullopt;
      body.remove_prefix(more);
    } else {
      out += '\\';
      out += c;
    }
  }
  return out;
}

}  // namespace youtu::jinja
