#include "text/jinja/lexer.h"

#include "text/jinja/string_literal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace youtu::jinja {

namespace {

constexpr std::string_view kBlanks = " \t\n\v\f\r";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Longer spellings first.
constexpr std::array<std::string_view, 26> kOperators = {
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[",
    "]",  "(",  ")",  "{",  "}",  ">",  "<", "=", ".", ":", "|", ",", ";"};

// Newlines become "\n", and one at the end is dropped.
std::string normalize_newlines(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      out += source[i];
    } else {
      out += '\n';
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

class Lexer {
 public:
  Lexer(std::string_view source, std::string_view name)
      : source_(normalize_newlines(source)), rest_(source_), name_(name) {}

  Result<std::vector<Token>> run() {
    while (status_.is_ok() && !rest_.empty()) read_data_and_tag();
    if (!status_.is_ok()) return status_;
    push(TokenKind::kEnd);
    return std::move(tokens_);
  }

 private:
  void fail(std::string_view what) { fail_at(line_, what); }
  void fail_at(int line, std::string_view what) {
    if (!status_.is_ok()) return;
    status_ = Status::invalid_argument(
        name_ + ":" + std::to_string(line) + ": " + std::string(what), {}, "template_syntax");
  }
  void push(TokenKind kind, std::string text = {}) {
    tokens_.push_back({.kind = kind, .line = line_, .text = std::move(text)});
  }
  // Takes `length` bytes from the front.
  std::string_view take(size_t length) {
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    for (const char c : taken) line_ += c == '\n' ? 1 : 0;
    return taken;
  }
  void take_blanks() { take(std::min(rest_.find_first_not_of(kBlanks), rest_.size())); }

  // Offset of the next "{{", "{%" or "{#".
  size_t find_tag() const {
    for (size_t at = rest_.find('{'); at != std::string_view::npos; at = rest_.find('{', at + 1)) {
      if (at + 1 >= rest_.size()) break;
      const char next = rest_[at + 1];
      if (next == '{' || next == '%' || next == '#') return at;
    }
    return std::string_view::npos;
  }

  // `data` without what the sign of the tag after it, or lstrip_blocks, takes off its end.
  std::string_view strip_before_tag(std::string_view data, char sign, bool is_output) const {
    if (sign == '-') {
      const size_t last = data.find_last_not_of(kBlanks);
      return data.substr(0, last == std::string_view::npos ? 0 : last + 1);
    }
    if (sign == '+' || is_output) return data;
    const size_t newline = data.rfind('\n');
    if (newline == std::string_view::npos && !at_line_start_) return data;
    const size_t line_begin = newline == std::string_view::npos ? 0 : newline + 1;
    const bool blank = data.substr(line_begin).find_first_not_of(kBlanks) == std::string_view::npos;
    return blank ? data.substr(0, line_begin) : data;
  }

  // After the closing mark of a tag that ends in "-", "+" or neither.
  void finish_tag(char sign, bool trims_newline) {
    at_line_start_ = false;
    if (sign == '-') {
      const size_t end = std::min(rest_.find_first_not_of(kBlanks), rest_.size());
      at_line_start_ = end > 0 && rest_[end - 1] == '\n';
      take(end);
    } else if (sign != '+' && trims_newline && rest_.starts_with('\n')) {
      take(1);
      at_line_start_ = true;
    }
  }

  void read_data_and_tag() {
    const size_t at = find_tag();
    const std::string_view data = rest_.substr(0, at);
    if (at == std::string_view::npos) {
      push(TokenKind::kData, std::string(data));
      take(data.size());
      return;
    }
    const char mark = rest_[at + 1];
    const char after = at + 2 < rest_.size() ? rest_[at + 2] : '\0';
    const char sign = after == '-' || after == '+' ? after : '\0';
    const std::string_view text = strip_before_tag(data, sign, mark == '{');
    if (!text.empty()) push(TokenKind::kData, std::string(text));
    take(at + (sign ? 3u : 2u));
    if (mark == '#') {
      read_comment();
    } else if (mark == '%' && is_raw_tag()) {
      read_raw();
    } else {
      read_code(mark == '{');
    }
  }

  void read_comment() {
    const size_t end = rest_.find("#}");
    if (end == std::string_view::npos) return fail("this comment has no end");
    const char sign = end > 0 ? rest_[end - 1] : '\0';
    take(end + 2);
    finish_tag(sign, true);
  }

  // The length of "WORD %}" with blanks and signs at the front of `text`, and the closing sign.
  struct WordTag {
    size_t length;
    char sign;
  };
  static std::optional<WordTag> match_word_tag(std::string_view text, std::string_view word) {
    size_t at = std::min(text.find_first_not_of(kBlanks), text.size());
    if (!text.substr(at).starts_with(word)) return std::nullopt;
    at = std::min(text.find_first_not_of(kBlanks, at + word.size()), text.size());
    char sign = '\0';
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) sign = text[at++];
    if (!text.substr(at).starts_with("%}")) return std::nullopt;
    return WordTag{at + 2, sign};
  }
  bool is_raw_tag() const { return match_word_tag(rest_, "raw").has_value(); }

  void read_raw() {
    const int begin_line = line_;
    const WordTag opening = *match_word_tag(rest_, "raw");
    take(opening.length);
    finish_tag(opening.sign, false);
    for (size_t at = rest_.find("{%"); at != std::string_view::npos;
         at = rest_.find("{%", at + 2)) {
      size_t inside = at + 2;
      char sign = '\0';
      if (inside < rest_.size() && (rest_[inside] == '-' || rest_[inside] == '+')) {
        sign = rest_[inside++];
      }
      const auto closing = match_word_tag(rest_.substr(inside), "endraw");
      if (!closing) continue;
      const std::string_view text = strip_before_tag(rest_.substr(0, at), sign, false);
      if (!text.empty()) push(TokenKind::kData, std::string(text));
      take(inside + closing->length);
      return finish_tag(closing->sign, true);
    }
    fail_at(begin_line, "this raw block has no endraw");
  }

  void read_code(bool is_output) {
    const int begin_line = line_;
    push(is_output ? TokenKind::kOutputBegin : TokenKind::kTagBegin);
    const std::string_view close = is_output ? "}}" : "%}";
    brackets_.clear();
    while (status_.is_ok()) {
      take_blanks();
      if (rest_.empty()) return fail_at(begin_line, "this tag has no end");
      if (brackets_.empty() && read_tag_end(close, is_output)) return;
      read_code_token();
    }
  }

  bool read_tag_end(std::string_view close, bool is_output) {
    char sign = '\0';
    if (rest_[0] == '-' || (rest_[0] == '+' && !is_output)) sign = rest_[0];
    if (!rest_.substr(sign ? 1u : 0u).starts_with(close)) return false;
    push(is_output ? TokenKind::kOutputEnd : TokenKind::kTagEnd);
    take(close.size() + (sign ? 1u : 0u));
    finish_tag(sign, !is_output);
    return true;
  }

  void read_code_token() {
    const char c = rest_[0];
    if (is_name_start(c)) {
      size_t end = 1;
      while (end < rest_.size() && (is_name_start(rest_[end]) || is_digit(rest_[end]))) ++end;
      push(TokenKind::kName, std::string(take(end)));
    } else if (is_digit(c)) {
      read_number();
    } else if (c == '\'' || c == '"') {
      read_string(c);
    } else {
      read_operator();
    }
  }

  void read_operator() {
    for (const std::string_view spelling : kOperators) {
      if (!rest_.starts_with(spelling)) continue;
      if (!balance(spelling[0])) return;
      push(TokenKind::kOperator, std::string(spelling));
      take(spelling.size());
      return;
    }
    fail("unexpected character in a tag");
  }

  bool balance(char c) {
    if (c == '(' || c == '[' || c == '{') brackets_ += c;
    if (c != ')' && c != ']' && c != '}') return true;
    const char open = c == ')' ? '(' : c == ']' ? '[' : '{';
    if (brackets_.empty() || brackets_.back() != open) {
      fail(std::string("unexpected '") + c + "'");
      return false;
    }
    brackets_.pop_back();
    return true;
  }

  void read_string(char quote) {
    size_t end = 1;
    while (end < rest_.size() && rest_[end] != quote) end += rest_[end] == '\\' ? 2u : 1u;
    if (end >= rest_.size()) return fail("this string has no end");
    std::optional<std::string> text = unescape_string(rest_.substr(1, end - 1));
    if (!text) return fail("a string has an invalid escape");
    push(TokenKind::kString, std::move(*text));
    take(end + 1);
  }

  // The number of digits of `base` at `at`, with single underscores between them.
  size_t digits_end(size_t at, int base) const {
    const auto is_one = [&](char c) {
      if (base == 16 && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) return true;
      return is_digit(c) && c - '0' < base;
    };
    while (at < rest_.size() && (is_one(rest_[at]) || (rest_[at] == '_' && at + 1 < rest_.size() &&
                                                       is_one(rest_[at + 1])))) {
      ++at;
    }
    return at;
  }

  void read_number() {
    int base = 10;
    if (rest_[0] == '0' && rest_.size() > 2) {
      const char letter = static_cast<char>(rest_[1] | 0x20);
      base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
      if (base != 10 && digits_end(2, base) == 2) base = 10;
    }
    const size_t begin = base == 10 ? 0 : 2;
    size_t end = digits_end(begin, base);
    const bool is_float = base == 10 && extend_float(end);
    std::string digits;
    for (const char c : rest_.substr(begin, end - begin)) {
      if (c != '_') digits += c;
    }
    Token token{.kind = is_float ? TokenKind::kFloat : TokenKind::kInteger, .line = line_};
    const char* last = digits.data() + digits.size();
    const auto result = is_float ? std::from_chars(digits.data(), last, token.number)
                                 : std::from_chars(digits.data(), last, token.integer, base);
    if (result.ec != std::errc() || result.ptr != last) return fail("a number is out of range");
    tokens_.push_back(std::move(token));
    take(end);
  }

  // Whether a fraction or an exponent follows; `end` moves behind it. "1.x" is an attribute of 1.
  bool extend_float(size_t& end) const {
    bool extended = false;
    if (end + 1 < rest_.size() && rest_[end] == '.' && is_digit(rest_[end + 1])) {
      end = digits_end(end + 1, 10);
      extended = true;
    }
    if (end + 1 < rest_.size() && (rest_[end] | 0x20) == 'e') {
      size_t exponent = end + 1;
      if (rest_[exponent] == '-' || rest_[exponent] == '+') ++exponent;
      if (exponent < rest_.size() && is_digit(rest_[exponent])) {
        end = digits_end(exponent, 10);
        extended = true;
      }
    }
    return extended;
  }

  std::string source_;
  std::string_view rest_;
  std::string name_;
  int line_ = 1;
  bool at_line_start_ = true;  // nothing but what a tag trimmed stands before rest_ on its line
  std::string brackets_;       // open ones of the current tag; inside them "}}" is not its end
  std::vector<Token> tokens_;
  Status status_;
};

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view source, std::string_view name) {
  return Lexer(source, name).run();
}

}  // namespace youtu::jinja
