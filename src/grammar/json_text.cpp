#include "grammar/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/utf8.h"

namespace youtu {
namespace {

struct ShortEscape {
  char32_t letter;
  std::string_view text;
};
constexpr ShortEscape kShortEscapes[] = {{'"', "\\\""}, {'\\', "\\\\"}, {'\b', "\\b"},
                                         {'\f', "\\f"}, {'\n', "\\n"},  {'\r', "\\r"},
                                         {'\t', "\\t"}};

// What stands in a string as it is (RFC 8259, section 7).
const CodePointSet& unescaped() {
  static const CodePointSet kUnescaped =
      CodePointSet{{0, 0x1F}, {'"', '"'}, {'\\', '\\'}}.complement();
  return kUnescaped;
}

const CodePointSet kHexDigits = {{'0', '9'}, {'A', 'F'}, {'a', 'f'}};

std::string escape_of(char32_t letter) {
  for (const ShortEscape& escape : kShortEscapes) {
    if (escape.letter == letter) return std::string(escape.text);
  }
  return fmt::format("\\u{:04x}", static_cast<uint32_t>(letter));
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const DecodedChar letter = decode_utf8(text);
    if (unescaped().contains(letter.code_point)) {
      out += text.substr(0, letter.length);
    } else {
      out += escape_of(letter.code_point);
    }
    text.remove_prefix(letter.length);
  }
  return out + "\"";
}

// As most programs write it: 1, not 1.0.
std::string number_text(const OrderedJson& value) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::trunc(number) == number && std::abs(number) <= kExact) {
      return std::to_string(static_cast<int64_t>(number));
    }
  }
  return value.dump();
}

std::u32string letters_of(std::string_view text) {
  std::u32string letters;
  while (!text.empty()) {
    const DecodedChar letter = decode_utf8(text);
    letters += letter.code_point;
    text.remove_prefix(letter.length);
  }
  return letters;
}

}  // namespace

// What is the same everywhere is one rule.
ExprId JsonText::rule(std::optional<RuleId>& known, std::string_view name,
                      ExprId (JsonText::*make)()) {
  if (!known) {
    known = grammar_.add_rule(std::string(name));
    const ExprId body = (this->*make)();
    grammar_.set_body(*known, body);
  }
  return grammar_.rule(*known);
}

ExprId JsonText::value() {
  return rule(value_, "json value", &JsonText::make_value);
}
ExprId JsonText::object() {
  return rule(object_, "json object", &JsonText::make_object);
}
ExprId JsonText::array() {
  return rule(array_, "json array", &JsonText::make_array);
}

ExprId JsonText::make_value() {
  return grammar_.choice({object(), array(), string(), number(), boolean(), null()});
}

ExprId JsonText::make_object() {
  const ExprId member = grammar_.sequence({string(), separator(":"), value()});
  const ExprId more = grammar_.repeat(grammar_.sequence({comma(), member}), 0, kUnbounded);
  return grammar_.sequence({grammar_.bytes("{"),
                            grammar_.optional(grammar_.sequence({member, more})),
                            grammar_.bytes("}")});
}

ExprId JsonText::make_array() {
  const ExprId more = grammar_.repeat(grammar_.sequence({comma(), value()}), 0, kUnbounded);
  return grammar_.sequence({grammar_.bytes("["),
                            grammar_.optional(grammar_.sequence({value(), more})),
                            grammar_.bytes("]")});
}

ExprId JsonText::boolean() {
  return grammar_.choice({grammar_.bytes("true"), grammar_.bytes("false")});
}

ExprId JsonText::digits(uint32_t min, uint32_t max) {
  return grammar_.repeat(grammar_.letters({{'0', '9'}}), min, max);
}

ExprId JsonText::integer() {
  const ExprId magnitude = grammar_.choice(
      {grammar_.bytes("0"),
       grammar_.sequence({grammar_.letters({{'1', '9'}}), digits(0, kMaxIntegerDigits - 1)})});
  return grammar_.sequence({grammar_.optional(grammar_.bytes("-")), magnitude});
}

ExprId JsonText::number() {
  const ExprId fraction = grammar_.sequence({grammar_.bytes("."), digits(1, kMaxFractionDigits)});
  const ExprId exponent = grammar_.sequence(
      {grammar_.letters({{'E', 'E'}, {'e', 'e'}}),
       grammar_.optional(grammar_.letters({{'+', '+'}, {'-', '-'}})), digits(1, 2)});
  return grammar_.sequence({integer(), grammar_.optional(fraction), grammar_.optional(exponent)});
}

ExprId JsonText::string(uint32_t min_length, uint32_t max_length) {
  if (min_length == 0 && max_length == kUnbounded) {
    return rule(string_, "json string", &JsonText::make_string);
  }
  return quoted(grammar_.repeat(string_letter(), min_length, max_length));
}

ExprId JsonText::make_string() {
  return quoted(grammar_.repeat(string_letter(), 0, kUnbounded));
}

ExprId JsonText::quoted(ExprId content) {
  return grammar_.sequence({grammar_.bytes("\""), content, grammar_.bytes("\"")});
}

ExprId JsonText::string_letter() {
  return grammar_.choice({grammar_.letters(unescaped()), escaped_letter()});
}

// RFC 8259, section 7; of surrogates only pairs, since half of one is no character.
ExprId JsonText::escaped_letter() {
  const auto hex = [this](uint32_t count) {
    return grammar_.repeat(grammar_.letters(kHexDigits), count, count);
  };
  const CodePointSet d = {{'D', 'D'}, {'d', 'd'}};
  const ExprId below_surrogates =
      grammar_.sequence({grammar_.letters(d), grammar_.letters({{'0', '7'}}), hex(2)});
  const ExprId pair = grammar_.sequence({grammar_.letters(d),
                                         grammar_.letters({{'8', '9'}, {'A', 'B'}, {'a', 'b'}}),
                                         hex(2), grammar_.bytes("\\u"), grammar_.letters(d),
                                         grammar_.letters({{'C', 'F'}, {'c', 'f'}}), hex(2)});
  const ExprId other = grammar_.sequence({grammar_.letters(kHexDigits.without(d)), hex(3)});
  const ExprId numbered =
      grammar_.sequence({grammar_.bytes("u"), grammar_.choice({other, below_surrogates, pair})});
  CodePointSet named;
  for (const char letter : std::string_view("\"\\/bfnrt")) {
    named.add(CodePointSet::of(static_cast<unsigned char>(letter)));
  }
  return grammar_.sequence(
      {grammar_.bytes("\\"), grammar_.choice({grammar_.letters(named), numbered})});
}

ExprId JsonText::letter(const CodePointSet& letters) {
  std::vector<ExprId> ways;
  const CodePointSet unescaped_letters = letters.intersection(unescaped());
  if (!unescaped_letters.is_empty()) ways.push_back(grammar_.letters(unescaped_letters));
  const CodePointSet others = letters.without(unescaped());
  for (const CodePointRange& range : others.ranges()) {
    for (char32_t c = range.first; c <= range.last; ++c) {
      ways.push_back(grammar_.bytes(escape_of(c)));
    }
  }
  return grammar_.choice(std::move(ways));
}

ExprId JsonText::separator(std::string_view mark) {
  return grammar_.sequence({grammar_.bytes(mark), grammar_.optional(grammar_.bytes(" "))});
}

ExprId JsonText::key(std::string_view name) {
  return grammar_.sequence({grammar_.bytes(quote(name)), separator(":")});
}

ExprId JsonText::other_key(std::span<const std::string> names) {
  std::vector<std::u32string> sorted;
  for (const std::string& name : names) {
    // What needs an escape cannot be written here anyway.
    const std::u32string letters = letters_of(name);
    const bool is_unescaped =
        std::ranges::all_of(letters, [](char32_t letter) { return unescaped().contains(letter); });
    if (is_unescaped) sorted.push_back(letters);
  }
  std::ranges::sort(sorted);
  return spelled_key(key_that_differs(sorted, 0));
}

ExprId JsonText::spelled_key(ExprId spelling) {
  return grammar_.sequence({quoted(spelling), separator(":")});
}

ExprId JsonText::plain_letter(const CodePointSet& letters) {
  return grammar_.letters(letters.intersection(unescaped()));
}

// What may follow the first `num_letters` letters, which all of `names` have in common: an end,
// unless a name ends here; a letter that no name goes on with, and then anything; or a letter that
// some go on with, and then what differs from those. REQUIRES: `names` are sorted.
ExprId JsonText::key_that_differs(std::span<const std::u32string> names, size_t num_letters) {
  std::vector<ExprId> ways;
  CodePointSet taken;
  bool is_name = false;
  for (size_t i = 0; i < names.size();) {
    if (names[i].size() == num_letters) {
      is_name = true;
      ++i;
      continue;
    }
    const char32_t letter = names[i][num_letters];
    size_t end = i;
    while (end < names.size() && names[end][num_letters] == letter) ++end;
    taken.add(CodePointSet::of(letter));
    ways.push_back(
        grammar_.sequence({grammar_.letters(CodePointSet::of(letter)),
                           key_that_differs(names.subspan(i, end - i), num_letters + 1)}));
    i = end;
  }
  if (!is_name) ways.push_back(grammar_.empty());
  const ExprId anything = grammar_.repeat(grammar_.letters(unescaped()), 0, kUnbounded);
  ways.push_back(grammar_.sequence({grammar_.letters(unescaped().without(taken)), anything}));
  return grammar_.choice(std::move(ways));
}

ExprId JsonText::literal(const OrderedJson& value) {
  switch (value.type()) {
    case OrderedJson::value_t::object: {
      std::vector<ExprId> parts = {grammar_.bytes("{")};
      for (const auto& [name, member] : value.items()) {
        if (parts.size() > 1) parts.push_back(comma());
        parts.push_back(key(name));
        parts.push_back(literal(member));
      }
      parts.push_back(grammar_.bytes("}"));
      return grammar_.sequence(std::move(parts));
    }
    case OrderedJson::value_t::array: {
      std::vector<ExprId> parts = {grammar_.bytes("[")};
      for (const OrderedJson& element : value) {
        if (parts.size() > 1) parts.push_back(comma());
        parts.push_back(literal(element));
      }
      parts.push_back(grammar_.bytes("]"));
      return grammar_.sequence(std::move(parts));
    }
    case OrderedJson::value_t::string:
      return grammar_.bytes(quote(value.get_ref<const std::string&>()));
    case OrderedJson::value_t::boolean:
      return grammar_.bytes(value.get<bool>() ? "true" : "false");
    case OrderedJson::value_t::null:
      return null();
    default:
      return grammar_.bytes(number_text(value));
  }
}

}  // namespace youtu
