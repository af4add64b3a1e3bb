#include "grammar/grammar_reader.h"

#include <algorithm>

#include "base/check.h"
#include "base/utf8.h"
#include "grammar/grammar.h"

namespace youtu {
namespace {

bool is_name_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool GrammarReader::take(std::string_view word) {
  if (!is_next(word)) return false;
  offset_ += word.size();
  return true;
}

void GrammarReader::skip_space() {
  for (; !is_at_end(); ++offset_) {
    const char c = peek();
    if (c == '#') {
      offset_ = std::min(text_.find('\n', offset_), text_.size());
      if (is_at_end()) return;
    } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
      return;
    }
  }
}

std::string_view GrammarReader::take_name() {
  const size_t begin = offset_;
  while (!is_at_end() && is_name_letter(peek())) ++offset_;
  return text_.substr(begin, offset_ - begin);
}

Result<std::string> GrammarReader::take_literal() {
  const size_t begin = offset_ - 1;
  std::string literal;
  while (!take("\"")) {
    if (is_at_end() || peek() == '\n') return error_at(begin, "this literal has no end");
    const auto letter = take_letter();
    RETURN_IF_ERROR(letter);
    append_utf8(literal, *letter);
  }
  return literal;
}

Result<CodePointSet> GrammarReader::take_class() {
  const size_t begin = offset_ - 1;
  const bool is_negated = take("^");
  CodePointSet set;
  while (!take("]")) {
    if (is_at_end() || peek() == '\n') return error_at(begin, "this class has no end");
    const size_t place = offset_;
    const auto first = take_letter();
    RETURN_IF_ERROR(first);
    char32_t last = *first;
    if (is_next("-") && !is_next("-]")) {
      take("-");
      if (is_at_end()) return error_at(begin, "this class has no end");
      const auto end = take_letter();
      RETURN_IF_ERROR(end);
      last = *end;
    }
    if (*first > last) return error_at(place, "this range is the wrong way round");
    set.add({*first, last});
  }
  if (set.is_empty()) return error_at(begin, "this class is empty");
  return is_negated ? set.complement() : set;
}

Result<std::pair<uint32_t, uint32_t>> GrammarReader::take_counts(uint32_t max) {
  const size_t begin = offset_ - 1;
  const auto low = take_number(max);
  std::optional<uint32_t> high = low;
  if (take(",")) high = is_next("}") ? std::optional(kUnbounded) : take_number(max);
  if (!low || !high || !take("}")) {
    return error_at(begin, "a count is {n}, {n,} or {n,m}, to " + std::to_string(max));
  }
  return std::pair(*low, *high);
}

Result<std::string_view> GrammarReader::take_json() {
  const size_t begin = offset_;
  if (take("true")) return text_.substr(begin, offset_ - begin);
  if (!is_next("{")) return error("a schema, which begins with {, was expected");
  int depth = 0;
  bool in_string = false;
  for (; !is_at_end(); ++offset_) {
    const char c = peek();
    if (in_string) {
      if (c == '\\' && offset_ + 1 < text_.size()) ++offset_;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      ++offset_;
      return text_.substr(begin, offset_ - begin);
    }
  }
  return error_at(begin, "this schema has no end");
}

// REQUIRES: not at the end.
Result<char32_t> GrammarReader::take_letter() {
  if (take("\\")) return take_escape();
  const DecodedChar letter = decode_utf8(text_.substr(offset_));
  offset_ += letter.length;
  return letter.code_point;
}

Result<char32_t> GrammarReader::take_escape() {
  const size_t begin = offset_ - 1;
  const char kind = peek();
  if (kind == '\0') return error_at(begin, "this escape is not known");
  ++offset_;
  switch (kind) {
    case 'n':
      return U'\n';
    case 'r':
      return U'\r';
    case 't':
      return U'\t';
    case '\\':
    case '"':
    case '[':
    case ']':
    case '-':
    case '^':
      return static_cast<char32_t>(kind);
    case 'x':
    case 'u':
    case 'U':
      break;
    default:
      return error_at(begin, "this escape is not known");
  }
  const int num_digits = kind == 'x' ? 2 : kind == 'u' ? 4 : 8;
  char32_t value = 0;
  for (int i = 0; i < num_digits; ++i, ++offset_) {
    const int digit = hex_value(peek());
    if (digit < 0 || value > kMaxCodePoint) return error_at(begin, "this escape is no character");
    value = value * 16 + static_cast<char32_t>(digit);
  }
  if (!CodePointSet::all().contains(value)) return error_at(begin, "this escape is no character");
  return value;
}

std::optional<uint32_t> GrammarReader::take_number(uint32_t max) {
  if (hex_value(peek()) < 0 || hex_value(peek()) > 9) return std::nullopt;
  uint64_t value = 0;
  for (; peek() >= '0' && peek() <= '9'; ++offset_) {
    value = value * 10 + static_cast<uint64_t>(peek() - '0');
    if (value > max) return std::nullopt;
  }
  return static_cast<uint32_t>(value);
}

Status GrammarReader::error_at(size_t offset, std::string_view what) const {
  const std::string_view before = text_.substr(0, offset);
  const auto line = std::ranges::count(before, '\n') + 1;
  const size_t line_begin =
      before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return Status::invalid_argument("line " + std::to_string(line) + ", column " +
                                      std::to_string(offset - line_begin + 1) + ": " +
                                      std::string(what),
                                  {}, "invalid_grammar");
}

}  // namespace youtu
