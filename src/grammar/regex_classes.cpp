#include "grammar/regex_classes.h"

#include <string>

#include "base/check.h"
#include "base/utf8.h"

namespace youtu {
namespace {

const CodePointSet kDigits = {{'0', '9'}};
const CodePointSet kWordLetters = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};

std::optional<char32_t> control_of(char letter) {
  switch (letter) {
    case 't':
      return U'\t';
    case 'n':
      return U'\n';
    case 'v':
      return U'\v';
    case 'f':
      return U'\f';
    case 'r':
      return U'\r';
    default:
      return std::nullopt;
  }
}

bool is_ascii_alphanumeric(char letter) {
  return (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= 'a' && letter <= 'z');
}

std::optional<CodePointSet> class_of(char letter, const RegexOptions& options) {
  switch (letter) {
    case 'd':
      return kDigits;
    case 'D':
      return kDigits.complement();
    case 'w':
      return kWordLetters;
    case 'W':
      return kWordLetters.complement();
    case 's':
      return options.space;
    case 'S':
      return options.not_space;
    default:
      return std::nullopt;
  }
}

// \xHH, \x{H...}, \uHHHH and \u{H...}; the reader is behind the letter.
Result<CodePointSet> parse_numbered(RegexReader& reader, size_t num_digits) {
  const size_t begin = reader.offset() - 2;
  std::optional<char32_t> code_point;
  if (reader.take("{")) {
    code_point = reader.take_hex(1, 6);
    if (!reader.take("}")) code_point.reset();
  } else {
    code_point = reader.take_hex(num_digits, num_digits);
  }
  if (!code_point || !CodePointSet::all().contains(*code_point)) {
    return reader.error_at(begin, "this escape is no character");
  }
  return CodePointSet::of(*code_point);
}

}  // namespace

bool RegexReader::take(std::string_view text) {
  if (!is_next(text)) return false;
  offset_ += text.size();
  return true;
}

char32_t RegexReader::take_letter() {
  const DecodedChar letter = decode_utf8(text_.substr(offset_));
  offset_ += letter.length;
  return letter.code_point;
}

std::optional<uint32_t> RegexReader::take_number(uint32_t max) {
  if (peek() < '0' || peek() > '9') return std::nullopt;
  uint64_t value = 0;
  for (; peek() >= '0' && peek() <= '9'; ++offset_) {
    value = std::min<uint64_t>(value * 10 + static_cast<uint64_t>(peek() - '0'), uint64_t{max} + 1);
  }
  return static_cast<uint32_t>(value);
}

std::optional<char32_t> RegexReader::take_hex(size_t min_digits, size_t max_digits) {
  char32_t value = 0;
  size_t count = 0;
  for (; count < max_digits; ++count, ++offset_) {
    const char digit = peek();
    if (digit >= '0' && digit <= '9') {
      value = value * 16 + static_cast<char32_t>(digit - '0');
    } else if (digit >= 'a' && digit <= 'f') {
      value = value * 16 + static_cast<char32_t>(digit - 'a' + 10);
    } else if (digit >= 'A' && digit <= 'F') {
      value = value * 16 + static_cast<char32_t>(digit - 'A' + 10);
    } else {
      break;
    }
  }
  if (count < min_digits) return std::nullopt;
  return value;
}

Status RegexReader::error_at(size_t offset, std::string_view what) const {
  return Status::invalid_argument("offset " + std::to_string(offset) + ": " + std::string(what), {},
                                  "invalid_regex");
}

Status RegexReader::unsupported(std::string_view what) const {
  const Status status = error(what);
  return {status.code(), status.message(), status.param(), "unsupported_regex"};
}

Result<CodePointSet> parse_escape(RegexReader& reader, const RegexOptions& options, bool in_class) {
  if (reader.is_at_end()) return reader.error("the pattern ends in a backslash");
  const char letter = reader.peek();
  if (const auto set = class_of(letter, options)) {
    reader.take_letter();
    return *set;
  }
  if (const auto control = control_of(letter)) {
    reader.take_letter();
    return CodePointSet::of(*control);
  }
  if (letter == 'b' && in_class) {
    reader.take_letter();
    return CodePointSet::of('\b');
  }
  if (reader.take("x")) return parse_numbered(reader, 2);
  if (reader.take("u")) return parse_numbered(reader, 4);
  if (letter == '0' && !is_ascii_alphanumeric(reader.peek(1))) {
    reader.take_letter();
    return CodePointSet::of(0);
  }
  if (letter >= '1' && letter <= '9')
    return reader.unsupported("back-references are not supported");
  if (letter == 'b' || letter == 'B') return reader.unsupported("word borders are not supported");
  if (letter == 'p' || letter == 'P') return reader.unsupported("\\p classes are not supported");
  if (is_ascii_alphanumeric(letter)) return reader.unsupported("this escape is not supported");
  return CodePointSet::of(reader.take_letter());
}

Result<CodePointSet> parse_class(RegexReader& reader, const RegexOptions& options) {
  const size_t begin = reader.offset() - 1;
  const bool is_negated = reader.take("^");
  CodePointSet set;
  if (reader.is_next("]")) return reader.error("a class must not be empty (write \\])");
  while (!reader.take("]")) {
    if (reader.is_at_end()) return reader.error_at(begin, "this class has no end");
    if (reader.is_next("[:") || reader.is_next("[.") || reader.is_next("[=")) {
      return reader.unsupported("named classes are not supported");
    }
    const auto take_one = [&]() -> Result<CodePointSet> {
      if (reader.take("\\")) return parse_escape(reader, options, /*in_class=*/true);
      return CodePointSet::of(reader.take_letter());
    };
    const size_t place = reader.offset();
    auto low = take_one();
    RETURN_IF_ERROR(low);
    const bool is_range = reader.peek() == '-' && reader.peek(1) != ']' && reader.peek(1) != '\0';
    if (!is_range) {
      set.add(*low);
      continue;
    }
    reader.take("-");
    const auto high = take_one();
    RETURN_IF_ERROR(high);
    const auto one = [](const CodePointSet& letters) {
      return letters.ranges().size() == 1 && letters.ranges()[0].first == letters.ranges()[0].last;
    };
    if (!one(*low) || !one(*high)) return reader.error_at(place, "a range has a class for its end");
    const CodePointRange range = {low->ranges()[0].first, high->ranges()[0].first};
    if (range.first > range.last)
      return reader.error_at(place, "this range is the wrong way round");
    set.add(range);
  }
  return is_negated ? set.complement() : set;
}

}  // namespace youtu
