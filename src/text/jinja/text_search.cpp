#include "text/jinja/text_search.h"

#include "base/utf8.h"
#include "text/character_class.h"

#include <string.h>
#include <algorithm>
#include <string>

namespace youtu::jinja {

namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0u) == 0x80u;
}

// Where the last character of text[0, end) begins. REQUIRES: end > 0.
size_t last_character(std::string_view text, size_t end) {
  size_t at = end - 1;
  while (at > 0 && is_continuation(text[at])) --at;
  return at;
}

std::u32string code_points(std::string_view text) {
  std::u32string out;
  while (!text.empty()) {
    const DecodedChar c = decode_utf8(text);
    out += c.code_point;
    text.remove_prefix(c.length);
  }
  return out;
}

std::vector<ByteRange> mirrored(std::vector<ByteRange> ranges, size_t size) {
  for (ByteRange& range : ranges) range = {size - range.end, size - range.begin};
  std::reverse(ranges.begin(), ranges.end());
  return ranges;
}

std::vector<ByteRange> split_from_left(std::string_view text, std::string_view separator,
                                       int64_t max_splits) {
  std::vector<ByteRange> parts;
  size_t begin = 0;
  while (max_splits < 0 || static_cast<int64_t>(parts.size()) < max_splits) {
    const size_t at = find_first(text, separator, begin);
    if (at == std::string_view::npos) break;
    parts.push_back({begin, at});
    begin = at + separator.size();
  }
  parts.push_back({begin, text.size()});
  return parts;
}

bool is_line_end(char32_t c) {
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

}  // namespace

size_t count_characters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::vector<size_t> character_offsets(std::string_view text) {
  std::vector<size_t> offsets;
  offsets.reserve(text.size() + 1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (!is_continuation(text[i])) offsets.push_back(i);
  }
  offsets.push_back(text.size());
  return offsets;
}

bool is_python_space(char32_t c) {
  return (c >= 0x1C && c <= 0x1F) || is_white_space(c);
}

ByteRange strip_range(std::string_view text, std::optional<std::string_view> characters,
                      Side side) {
  std::u32string set = code_points(characters.value_or(""));
  std::sort(set.begin(), set.end());
  const auto is_stripped = [&](char32_t c) {
    return characters ? std::binary_search(set.begin(), set.end(), c) : is_python_space(c);
  };
  ByteRange range{0, text.size()};
  while (side != Side::kRight && range.begin < range.end) {
    const DecodedChar c = decode_utf8(text.substr(range.begin));
    if (!is_stripped(c.code_point)) break;
    range.begin += c.length;
  }
  while (side != Side::kLeft && range.begin < range.end) {
    const size_t at = last_character(text, range.end);
    if (!is_stripped(decode_utf8(text.substr(at)).code_point)) break;
    range.end = at;
  }
  return range;
}

// memmem() is linear in the worst case, which std::string_view::find is not.
size_t find_first(std::string_view text, std::string_view needle, size_t from) {
  if (from > text.size()) return std::string_view::npos;
  if (needle.empty()) return from;
  const void* found = memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
  if (!found) return std::string_view::npos;
  return static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

size_t find_last(std::string_view text, std::string_view needle) {
  const std::string reversed_text(text.rbegin(), text.rend());
  const std::string reversed_needle(needle.rbegin(), needle.rend());
  const size_t at = find_first(reversed_text, reversed_needle);
  return at == std::string_view::npos ? at : text.size() - at - needle.size();
}

std::vector<ByteRange> split_ranges(std::string_view text, std::string_view separator,
                                    int64_t max_splits, bool from_right) {
  if (!from_right) return split_from_left(text, separator, max_splits);
  const std::string reversed_text(text.rbegin(), text.rend());
  const std::string reversed_separator(separator.rbegin(), separator.rend());
  return mirrored(split_from_left(reversed_text, reversed_separator, max_splits), text.size());
}

std::vector<ByteRange> split_at_space(std::string_view text, int64_t max_splits, bool from_right) {
  std::vector<ByteRange> words;
  size_t at = 0;
  while (at < text.size()) {
    const DecodedChar c = decode_utf8(text.substr(at));
    const bool continues = !words.empty() && words.back().end == at;
    if (!is_python_space(c.code_point)) {
      if (continues) {
        words.back().end += c.length;
      } else {
        words.push_back({at, at + c.length});
      }
    }
    at += c.length;
  }
  if (max_splits < 0 || words.size() <= static_cast<size_t>(max_splits)) return words;
  // The words beyond the last cut stay together, with the space between them; the space at the far
  // end of the text stays too.
  const size_t cuts = static_cast<size_t>(max_splits);
  if (from_right) {
    const size_t joined = words.size() - cuts;
    const ByteRange rest{0, words[joined - 1].end};
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(joined));
    words.insert(words.begin(), rest);
  } else {
    const ByteRange rest{words[cuts].begin, text.size()};
    words.resize(cuts);
    words.push_back(rest);
  }
  return words;
}

std::vector<ByteRange> split_lines(std::string_view text, bool keep_ends) {
  std::vector<ByteRange> lines;
  size_t begin = 0;
  size_t at = 0;
  while (at < text.size()) {
    const DecodedChar c = decode_utf8(text.substr(at));
    const size_t line_end = at;
    at += c.length;
    if (!is_line_end(c.code_point)) continue;
    if (c.code_point == '\r' && at < text.size() && text[at] == '\n') ++at;
    lines.push_back({begin, keep_ends ? at : line_end});
    begin = at;
  }
  if (begin < text.size()) lines.push_back({begin, text.size()});
  return lines;
}

}  // namespace youtu::jinja
