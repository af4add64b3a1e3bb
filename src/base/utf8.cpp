#include "base/utf8.h"

#include "base/check.h"

namespace youtu {

namespace {

// Table 3-7 of the Unicode standard: what the second byte may be after a given first byte.
struct LeadByte {
  size_t length;  // 0: not a lead byte
  uint8_t second_min;
  uint8_t second_max;
};

LeadByte classify(uint8_t byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xC2) return {0, 0, 0};
  if (byte < 0xE0) return {2, 0x80, 0xBF};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3, 0x80, 0xBF};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4, 0x80, 0xBF};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

uint8_t byte_at(std::string_view text, size_t i) {
  return static_cast<uint8_t>(text[i]);
}

// How many bytes at the front of `text` are a prefix of the character that its first byte
// announces.
size_t valid_prefix(std::string_view text, const LeadByte& lead) {
  size_t n = 1;
  while (n < lead.length && n < text.size()) {
    const uint8_t min = n == 1 ? lead.second_min : uint8_t{0x80};
    const uint8_t max = n == 1 ? lead.second_max : uint8_t{0xBF};
    if (byte_at(text, n) < min || byte_at(text, n) > max) break;
    ++n;
  }
  return n;
}

}  // namespace

DecodedChar decode_utf8(std::string_view text) {
  DCHECK(!text.empty());
  const LeadByte lead = classify(byte_at(text, 0));
  if (lead.length == 1) return {byte_at(text, 0), 1, true};
  if (lead.length == 0) return {kReplacementCharacter, 1, false};
  const size_t n = valid_prefix(text, lead);
  if (n < lead.length) return {kReplacementCharacter, n, false};
  char32_t code_point = byte_at(text, 0) & (0xFFu >> (lead.length + 1));
  for (size_t i = 1; i < lead.length; ++i)
    code_point = (code_point << 6) | (byte_at(text, i) & 0x3Fu);
  return {code_point, lead.length, true};
}

size_t find_invalid_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const DecodedChar c = decode_utf8(text.substr(i));
    if (!c.valid) return i;
    i += c.length;
  }
  return std::string_view::npos;
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&out](char32_t byte) {
    out.push_back(static_cast<char>(static_cast<uint8_t>(byte)));
  };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

size_t incomplete_utf8_tail(std::string_view text) {
  for (size_t n = 1; n <= 3 && n <= text.size(); ++n) {
    const std::string_view tail = text.substr(text.size() - n);
    const LeadByte lead = classify(byte_at(tail, 0));
    if (lead.length == 1) return 0;
    if (lead.length == 0) continue;  // a continuation byte, or never valid: look further left
    return lead.length > n && valid_prefix(tail, lead) == n ? n : 0;
  }
  return 0;
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const DecodedChar c = decode_utf8(text);
    if (c.valid) {
      out.append(text.substr(0, c.length));
    } else {
      append_utf8(out, kReplacementCharacter);
    }
    text.remove_prefix(c.length);
  }
  return out;
}

}  // namespace youtu
