// Finding, splitting and stripping as Python's str does it, as byte ranges of UTF-8 text.
// Everything here is linear in the text, whatever is searched for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace youtu::jinja {

struct ByteRange {
  size_t begin;
  size_t end;
};

enum class Side { kBoth, kLeft, kRight };

size_t count_characters(std::string_view text);
// Where each character begins, and at last the size of the text.
std::vector<size_t> character_offsets(std::string_view text);

// What str.isspace() counts as whitespace: White_Space and the separators U+001C to U+001F.
bool is_python_space(char32_t c);

// What remains after whitespace, or any of `characters`, is taken off the ends.
ByteRange strip_range(std::string_view text, std::optional<std::string_view> characters, Side side);

// npos if there is none. An empty needle is found at `from`, or at the end.
size_t find_first(std::string_view text, std::string_view needle, size_t from = 0);
size_t find_last(std::string_view text, std::string_view needle);

// The parts between separators: at most `max_splits` cuts, counted from the left or from the right;
// negative: no limit. REQUIRES: the separator is not empty.
std::vector<ByteRange> split_ranges(std::string_view text, std::string_view separator,
                                    int64_t max_splits, bool from_right);
// The same between runs of whitespace, without empty parts.
std::vector<ByteRange> split_at_space(std::string_view text, int64_t max_splits, bool from_right);
std::vector<ByteRange> split_lines(std::string_view text, bool keep_ends);

}  // namespace youtu::jinja
