// The parts of a regular expression that stand for one letter: escapes and classes.
#pragma once

#include <optional>
#include <string_view>

#include "grammar/code_points.h"
#include "grammar/regex_parser.h"
#include "youtu/status.h"

namespace youtu {

// A place in the text of a pattern.
class RegexReader {
 public:
  explicit RegexReader(std::string_view text) : text_(text) {}

  size_t offset() const { return offset_; }
  bool is_at_end() const { return offset_ == text_.size(); }
  // The next byte; 0 at the end.
  char peek(size_t ahead = 0) const {
    return offset_ + ahead < text_.size() ? text_[offset_ + ahead] : '\0';
  }
  bool is_next(std::string_view text) const { return text_.substr(offset_).starts_with(text); }
  bool take(std::string_view text);
  // The next character. REQUIRES: not at the end, and the text is UTF-8.
  char32_t take_letter();
  std::optional<uint32_t> take_number(uint32_t max);
  std::optional<char32_t> take_hex(size_t min_digits, size_t max_digits);

  // What is wrong with it, reason "invalid_regex".
  Status error(std::string_view what) const { return error_at(offset_, what); }
  // It is right, but more than can be held to: reason "unsupported_regex".
  Status unsupported(std::string_view what) const;
  Status error_at(size_t offset, std::string_view what) const;

 private:
  std::string_view text_;
  size_t offset_ = 0;
};

// The set that an escape stands for; the reader is behind the backslash.
Result<CodePointSet> parse_escape(RegexReader& reader, const RegexOptions& options, bool in_class);
// The set of a class; the reader is behind the bracket.
Result<CodePointSet> parse_class(RegexReader& reader, const RegexOptions& options);

}  // namespace youtu
