#include "text/oniguruma_pattern.h"

#include "base/check.h"
#include "base/utf8.h"
#include "text/split_pattern.h"

#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

namespace youtu {

namespace {

// Members of classes, without the brackets around them.
constexpr std::string_view kSpace =
    R"(\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
constexpr std::string_view kNotSpace =
    R"(\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027})"
    R"(\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{d7ff}\x{e000}-\x{10ffff})";
constexpr std::string_view kWord = R"(\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc})";
constexpr std::string_view kNotWord =
    R"(\p{Pd}\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Po}\p{S}\p{Z}\p{C}\p{No})";
constexpr std::string_view kAnything = R"([\x{0}-\x{d7ff}\x{e000}-\x{10ffff}])";
constexpr std::string_view kHexDigit = "0-9A-Fa-f";
constexpr std::string_view kNotHexDigit = R"(\x{0}-\/:-@G-`g-\x{d7ff}\x{e000}-\x{10ffff})";

// Long names of general categories, as Oniguruma compares them: lower case, without separators.
constexpr std::array<std::pair<std::string_view, std::string_view>, 38> kCategoryNames{{
    {"letter", "L"},
    {"casedletter", "L&"},
    {"uppercaseletter", "Lu"},
    {"lowercaseletter", "Ll"},
    {"titlecaseletter", "Lt"},
    {"modifierletter", "Lm"},
    {"otherletter", "Lo"},
    {"mark", "M"},
    {"combiningmark", "M"},
    {"nonspacingmark", "Mn"},
    {"spacingmark", "Mc"},
    {"enclosingmark", "Me"},
    {"number", "N"},
    {"decimalnumber", "Nd"},
    {"digit", "Nd"},
    {"letternumber", "Nl"},
    {"othernumber", "No"},
    {"punctuation", "P"},
    {"punct", "P"},
    {"connectorpunctuation", "Pc"},
    {"dashpunctuation", "Pd"},
    {"openpunctuation", "Ps"},
    {"closepunctuation", "Pe"},
    {"initialpunctuation", "Pi"},
    {"finalpunctuation", "Pf"},
    {"otherpunctuation", "Po"},
    {"symbol", "S"},
    {"mathsymbol", "Sm"},
    {"currencysymbol", "Sc"},
    {"modifiersymbol", "Sk"},
    {"othersymbol", "So"},
    {"separator", "Z"},
    {"spaceseparator", "Zs"},
    {"lineseparator", "Zl"},
    {"paragraphseparator", "Zp"},
    {"other", "C"},
    {"control", "Cc"},
    {"format", "Cf"},
}};

std::string property_key(std::string_view name) {
  std::string key;
  for (const char c : name) {
    if (c == ' ' || c == '_' || c == '-') continue;
    key.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  return key;
}

// Members of the class that an escape stands for; nothing if it is no such escape.
std::optional<std::string_view> class_of_escape(char letter) {
  switch (letter) {
    case 's':
      return kSpace;
    case 'S':
      return kNotSpace;
    case 'w':
      return kWord;
    case 'W':
      return kNotWord;
    case 'h':
      return kHexDigit;
    case 'H':
      return kNotHexDigit;
    case 'd':
      return R"(\p{Nd})";
    case 'D':
      return R"(\P{Nd})";
    default:
      return std::nullopt;
  }
}

bool is_hex_digit(char c) {
  return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter_or_digit(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

// One pass over the pattern. `out_` is the translation so far; the start of the last atom in it is
// kept, because "x{1,3}+" has to be wrapped afterwards.
class Translator {
 public:
  explicit Translator(std::string_view pattern) : in_(pattern) {}

  Result<std::string> run() {
    while (pos_ < in_.size()) RETURN_IF_ERROR(item());
    if (!groups_.empty()) return refuse("a group that is not closed");
    return std::move(out_);
  }

 private:
  Status item();
  Status escape();
  Status open_group();
  Status open_options();
  Status close_group();
  Status braces();
  Result<std::string> character_class();
  Status class_operand(std::string& operand);
  Status class_escape(std::string& members, bool& is_set);
  Result<std::string> property();
  Result<std::string> code_point();

  char peek(size_t ahead = 0) const { return pos_ + ahead < in_.size() ? in_[pos_ + ahead] : '\0'; }
  bool at(std::string_view text) const { return in_.substr(pos_).starts_with(text); }
  void put_atom(std::string_view text) {
    atom_begin_ = out_.size();
    out_ += text;
  }
  Status refuse(std::string_view what) const {
    return Status::invalid_argument("the regular expression has " + std::string(what) +
                                    " at byte " + std::to_string(pos_) + " (not supported)");
  }

  std::string_view in_;
  size_t pos_ = 0;
  std::string out_;
  std::optional<size_t> atom_begin_;  // in out_
  std::vector<size_t> groups_;        // where in out_ each open group begins
  size_t class_depth_ = 0;
};

Status Translator::item() {
  switch (peek()) {
    case '\\':
      return escape();
    case '(':
      return open_group();
    case ')':
      return close_group();
    case '{':
      return braces();
    case '[': {
      auto text = character_class();
      RETURN_IF_ERROR(text);
      put_atom(*text);
      return {};
    }
    case '*':
    case '+':
    case '?':
      out_ += in_[pos_++];
      return {};
    default:
      break;
  }
  if (peek() == '|') atom_begin_.reset();
  const size_t length = decode_utf8(in_.substr(pos_)).length;
  put_atom(in_.substr(pos_, length));
  pos_ += length;
  return {};
}

Status Translator::escape() {
  const char letter = peek(1);
  if (const auto members = class_of_escape(letter)) {
    put_atom("[" + std::string(*members) + "]");
    pos_ += 2;
    return {};
  }
  if (letter == 'p' || letter == 'P') {
    auto text = property();
    RETURN_IF_ERROR(text);
    put_atom(*text);
    return {};
  }
  if (letter == 'x' || letter == 'u') {
    auto text = code_point();
    RETURN_IF_ERROR(text);
    put_atom(*text);
    return {};
  }
  if (letter == 'b' || letter == 'B') {
    const std::string word = "[" + std::string(kWord) + "]";
    put_atom(letter == 'b'
                 ? "(?:(?<=" + word + ")(?!" + word + ")|(?<!" + word + ")(?=" + word + "))"
                 : "(?:(?<=" + word + ")(?=" + word + ")|(?<!" + word + ")(?!" + word + "))");
    pos_ += 2;
    return {};
  }
  if (letter == 'v') {  // PCRE2's \v is a whole class
    put_atom(R"(\x{b})");
    pos_ += 2;
    return {};
  }
  if (letter == '\0' || (is_letter_or_digit(letter) && !std::strchr("tnrfaeAzZRX", letter))) {
    return refuse("the escape \\" + std::string(letter ? 1 : 0, letter));
  }
  const size_t length = 1 + decode_utf8(in_.substr(pos_ + 1)).length;
  put_atom(in_.substr(pos_, length));
  pos_ += length;
  return {};
}

Status Translator::open_group() {
  for (const std::string_view prefix : {"(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!"}) {
    if (!at(prefix)) continue;
    groups_.push_back(out_.size());
    out_ += prefix;
    pos_ += prefix.size();
    atom_begin_.reset();
    return {};
  }
  if (at("(?")) return open_options();
  groups_.push_back(out_.size());
  out_ += "(?:";  // nothing refers back to a group, so none needs to capture
  ++pos_;
  atom_begin_.reset();
  return {};
}

// (?i) and (?i-m:...): Ruby's m is PCRE2's s.
Status Translator::open_options() {
  std::string options = "(?";
  size_t end = pos_ + 2;
  while (end < in_.size() && (in_[end] == 'i' || in_[end] == 'm' || in_[end] == '-')) {
    options += in_[end] == 'm' ? 's' : in_[end];
    ++end;
  }
  const char closing = end < in_.size() ? in_[end] : '\0';
  if (options.size() == 2 || (closing != ':' && closing != ')')) {
    return refuse("the group \"" + std::string(in_.substr(pos_, 4)) + "\"");
  }
  // "a(?i)b|c" means "a(?i:b|c)" to Ruby and something else to PCRE2; at the front of a group they
  // agree.
  const bool at_front = out_.size() == (groups_.empty() ? 0 : groups_.back() + 3);
  if (closing == ')' && !at_front) return refuse("options that are not at the front of a group");
  if (closing == ':') groups_.push_back(out_.size());
  out_ += options + closing;
  pos_ = end + 1;
  atom_begin_.reset();
  return {};
}

Status Translator::close_group() {
  if (groups_.empty()) return refuse("an unmatched )");
  atom_begin_ = groups_.back();
  groups_.pop_back();
  out_ += in_[pos_++];
  return {};
}

// A quantifier in braces, or a brace that stands for itself.
Status Translator::braces() {
  size_t end = pos_ + 1;
  while (end < in_.size() && (is_digit(in_[end]) || in_[end] == ',')) ++end;
  const std::string_view range = in_.substr(pos_ + 1, end - pos_ - 1);
  const size_t comma = range.find(',');
  const bool is_quantifier = end < in_.size() && in_[end] == '}' && !range.empty() &&
                             range != "," &&
                             (comma == range.npos || range.find(',', comma + 1) == range.npos);
  if (!is_quantifier) {
    put_atom(R"(\{)");
    ++pos_;
    return {};
  }
  if (!atom_begin_) return refuse("a quantifier without anything to repeat");
  const char next = end + 1 < in_.size() ? in_[end + 1] : '\0';
  if (next == '?' && comma == range.npos) return refuse("the quantifier {n}?");
  if (next == '+') out_.insert(*atom_begin_, "(?:");
  out_ += (comma == 0 ? "{0" : "{") + std::string(range) + "}";
  if (next == '+') out_ += ")";
  pos_ = end + 1;
  return {};
}

// A class as an expression that matches one character.
Result<std::string> Translator::character_class() {
  constexpr size_t kMaxNesting = 8;
  if (++class_depth_ > kMaxNesting) return refuse("classes nested deeper than 8");
  ++pos_;
  const bool negated = peek() == '^';
  if (negated) ++pos_;
  std::vector<std::string> operands(1);
  RETURN_IF_ERROR(class_operand(operands.back()));
  while (at("&&")) {
    pos_ += 2;
    RETURN_IF_ERROR(class_operand(operands.emplace_back()));
  }
  if (peek() != ']') return refuse("a class that is not closed");
  ++pos_;
  --class_depth_;
  const std::string& first = operands.front();
  if (operands.size() == 1 && first.starts_with('[')) {
    return negated ? "[^" + first.substr(1) : first;
  }
  std::string all;
  for (size_t i = 1; i < operands.size(); ++i) all += "(?=" + operands[i] + ")";
  all += first;
  if (!negated) return "(?:" + all + ")";
  return "(?:(?!" + all + ")" + std::string(kAnything) + ")";
}

// The union of members and nested classes up to "&&" or "]".
Status Translator::class_operand(std::string& operand) {
  std::string members;
  std::string nested;
  bool after_set = false;  // a hyphen after \s or \p{L} is no range
  for (bool first = true;; first = false) {
    const char c = peek();
    if (pos_ >= in_.size()) return refuse("a class that is not closed");
    if (at("&&") || (c == ']' && !first)) break;
    if (at("[:")) return refuse("a POSIX bracket");
    if (c == '[') {
      auto inner = character_class();
      RETURN_IF_ERROR(inner);
      nested += "|" + *inner;
    } else if (c == '\\') {
      RETURN_IF_ERROR(class_escape(members, after_set));
      continue;
    } else {
      const size_t length = decode_utf8(in_.substr(pos_)).length;
      if (c == ']' || c == '^' || (c == '-' && (after_set || first))) members += '\\';
      members += in_.substr(pos_, length);
      pos_ += length;
    }
    after_set = false;
  }
  if (members.empty() && nested.empty()) return refuse("an empty class");
  if (nested.empty()) {
    operand = "[" + members + "]";
  } else {
    operand = "(?:" + (members.empty() ? nested.substr(1) : "[" + members + "]" + nested) + ")";
  }
  return {};
}

Status Translator::class_escape(std::string& members, bool& is_set) {
  const char letter = peek(1);
  is_set = false;
  if (const auto set = class_of_escape(letter)) {
    members += *set;
    pos_ += 2;
    is_set = true;
    return {};
  }
  if (letter == 'p' || letter == 'P') {
    auto text = property();
    RETURN_IF_ERROR(text);
    members += *text;
    is_set = true;
    return {};
  }
  if (letter == 'x' || letter == 'u') {
    auto text = code_point();
    RETURN_IF_ERROR(text);
    members += *text;
    return {};
  }
  if (letter == 'v') {
    members += R"(\x{b})";
    pos_ += 2;
    return {};
  }
  if (letter == '\0' || (is_letter_or_digit(letter) && !std::strchr("tnrfaeb", letter))) {
    return refuse("the escape \\" + std::string(letter ? 1 : 0, letter) + " in a class");
  }
  const size_t length = 1 + decode_utf8(in_.substr(pos_ + 1)).length;
  members += in_.substr(pos_, length);
  pos_ += length;
  return {};
}

// \p{Name}, \p{^Name} or \P{Name}.
Result<std::string> Translator::property() {
  if (peek(2) != '{') return refuse("\\p without braces");
  const size_t close = in_.find('}', pos_);
  if (close == in_.npos || close - pos_ > 64) return refuse("\\p{ without its end");
  std::string_view name = in_.substr(pos_ + 3, close - pos_ - 3);
  bool negated = peek(1) == 'P';
  if (name.starts_with('^')) {
    negated = !negated;
    name.remove_prefix(1);
  }
  const std::string key = property_key(name);
  std::string known;
  for (const auto& [long_name, category] : kCategoryNames) {
    if (key == long_name) known = category;
  }
  // Where a script's name alone would mean the script's extensions, it has to say that it is a
  // script.
  const bool is_category = key.size() <= 2 && std::strchr("clmnpsz", key.empty() ? 'x' : key[0]);
  if (known.empty() && !is_category) known = "sc:" + std::string(name);
  if (known.empty() || !SplitPattern::is_valid(R"(\p{)" + known + "}")) known = name;
  if (!SplitPattern::is_valid(R"(\p{)" + known + "}")) {
    return refuse("the unknown property \"" + std::string(name) + "\"");
  }
  pos_ = close + 1;
  return (negated ? R"(\P{)" : R"(\p{)") + known + "}";
}

// \uHHHH, \x{H...} or \xHH.
Result<std::string> Translator::code_point() {
  std::string_view digits;
  size_t length = 0;
  if (peek(1) == 'u') {
    digits = in_.substr(pos_ + 2, 4);
    length = 6;
  } else if (peek(2) == '{') {
    const size_t close = in_.find('}', pos_);
    if (close == in_.npos) return refuse("\\x{ without its end");
    digits = in_.substr(pos_ + 3, close - pos_ - 3);
    length = close + 1 - pos_;
  } else {
    digits = in_.substr(pos_ + 2, 2);
    length = 4;
  }
  uint32_t value = 0;
  if (digits.empty() || digits.size() > 6) return refuse("a code point of no or too many digits");
  for (const char c : digits) {
    if (!is_hex_digit(c)) return refuse("a code point that is no hexadecimal number");
  }
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  const bool is_byte = peek(1) == 'x' && peek(2) != '{';
  const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (end.ec != std::errc() || pos_ + length > in_.size() || value > 0x10FFFF || is_surrogate ||
      (is_byte && (digits.size() != 2 || value > 0x7F))) {
    return refuse("a code point outside of Unicode");
  }
  pos_ += length;
  return R"(\x{)" + std::string(digits) + "}";
}

}  // namespace

Result<std::string> translate_oniguruma(std::string_view pattern) {
  return Translator(pattern).run();
}

}  // namespace youtu
