#include "server/percent_decode.h"

namespace youtu {

namespace {

// -1 if it is no hexadecimal digit.
int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

std::string percent_decode(std::string_view segment) {
  std::string text;
  for (size_t i = 0; i < segment.size(); ++i) {
    const bool may_be = segment[i] == '%' && i + 2 < segment.size();
    const int high = may_be ? digit(segment[i + 1]) : -1;
    const int low = may_be ? digit(segment[i + 2]) : -1;
    if (high < 0 || low < 0) {
      text.push_back(segment[i]);
      continue;
    }
    text.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return text;
}

}  // namespace youtu
