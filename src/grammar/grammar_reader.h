// The words of a grammar's text, and its lines and columns for messages.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "grammar/code_points.h"
#include "youtu/status.h"

namespace youtu {

class GrammarReader {
 public:
  // REQUIRES: the text is UTF-8.
  explicit GrammarReader(std::string_view text) : text_(text) {}

  size_t offset() const { return offset_; }
  bool is_at_end() const { return offset_ == text_.size(); }
  bool is_next(std::string_view word) const { return text_.substr(offset_).starts_with(word); }
  bool take(std::string_view word);
  // White space, and # to the end of its line.
  void skip_space();
  // Letters, digits, - and _; "" if there is none.
  std::string_view take_name();

  // Each is behind its opening mark, and takes the closing one.
  Result<std::string> take_literal();
  Result<CodePointSet> take_class();
  Result<std::pair<uint32_t, uint32_t>> take_counts(uint32_t max);
  // A JSON value: the text up to the end of its brackets.
  Result<std::string_view> take_json();

  Status error(std::string_view what) const { return error_at(offset_, what); }
  // "line 3, column 7: ..."
  Status error_at(size_t offset, std::string_view what) const;

 private:
  char peek() const { return is_at_end() ? '\0' : text_[offset_]; }
  Result<char32_t> take_letter();
  Result<char32_t> take_escape();
  std::optional<uint32_t> take_number(uint32_t max);

  std::string_view text_;
  size_t offset_ = 0;
};

}  // namespace youtu
