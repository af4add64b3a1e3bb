// JSON as expressions of a grammar, written as compactly as most programs do: at most one space
// behind a comma and a colon, and none elsewhere, so that a model cannot go on writing nothing.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "grammar/grammar.h"

namespace youtu {

// Numbers have at most so many digits before and after the point, and an exponent of two.
inline constexpr uint32_t kMaxIntegerDigits = 18;
inline constexpr uint32_t kMaxFractionDigits = 16;

class JsonText {
 public:
  explicit JsonText(Grammar& grammar) : grammar_(grammar) {}

  Grammar& grammar() { return grammar_; }

  // Any value, as deep as it likes; any object; any array.
  ExprId value();
  ExprId object();
  ExprId array();
  ExprId boolean();
  ExprId null() { return grammar_.bytes("null"); }
  ExprId integer();
  ExprId number();
  // Of so many characters, which are code points.
  ExprId string(uint32_t min_length = 0, uint32_t max_length = kUnbounded);
  // Exactly this value: strings and keys escape what they must, keys keep their order.
  ExprId literal(const OrderedJson& value);

  ExprId comma() { return separator(","); }
  ExprId key(std::string_view name);
  // A key, and the colon, that is none of `names`. It is written without escapes.
  ExprId other_key(std::span<const std::string> names);
  // Likewise one that is spelled so; its letters are those of plain_letter().
  ExprId spelled_key(ExprId spelling);
  // Of the set, a letter that needs no escape.
  ExprId plain_letter(const CodePointSet& letters);

  // One letter of a set as it stands in a string: itself, or its shortest escape.
  ExprId letter(const CodePointSet& letters);
  // Between the quotes.
  ExprId quoted(ExprId content);

 private:
  ExprId rule(std::optional<RuleId>& known, std::string_view name, ExprId (JsonText::*make)());
  ExprId make_value();
  ExprId make_object();
  ExprId make_array();
  ExprId make_string();
  ExprId string_letter();
  ExprId escaped_letter();
  ExprId separator(std::string_view mark);
  ExprId digits(uint32_t min, uint32_t max);
  ExprId key_that_differs(std::span<const std::u32string> names, size_t num_letters);

  Grammar& grammar_;
  std::optional<RuleId> value_;
  std::optional<RuleId> object_;
  std::optional<RuleId> array_;
  std::optional<RuleId> string_;
};

}  // namespace youtu
