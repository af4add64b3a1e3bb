#include "text/jinja/letter_case.h"

#include "base/utf8.h"
#include "text/jinja/text_search.h"

#include <utf8proc.h>

namespace youtu::jinja {

namespace {

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}
char32_t to_upper(char32_t c) {
  return static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c)));
}
char32_t to_lower(char32_t c) {
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}
bool is_cased(char32_t c) {
  return is_upper_letter(c) || is_lower_letter(c) || category(c) == UTF8PROC_CATEGORY_LT;
}
bool opens_word(char32_t c) {
  return is_python_space(c) || std::u32string_view(U"-({[<").find(c) != std::u32string_view::npos;
}

char32_t convert(char32_t c, LetterCase letter_case, bool at_start) {
  if (letter_case == LetterCase::kUpper) return to_upper(c);
  if (letter_case == LetterCase::kLower) return to_lower(c);
  return at_start ? to_upper(c) : to_lower(c);
}

}  // namespace

bool is_upper_letter(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_LU;
}
bool is_lower_letter(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_LL;
}
bool is_letter(char32_t c) {
  const utf8proc_category_t found = category(c);
  return found >= UTF8PROC_CATEGORY_LU && found <= UTF8PROC_CATEGORY_LO;
}
bool is_decimal_digit(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_ND;
}

Value change_case(Execution& execution, const TracedText& text, LetterCase letter_case) {
  TextBuilder out(execution);
  std::string_view rest = text.bytes();
  size_t offset = 0;
  size_t run = 0;
  bool at_start = true;
  std::string converted;
  while (!rest.empty()) {
    const DecodedChar c = decode_utf8(rest);
    while (text.runs()[run].end <= offset) ++run;
    converted.clear();
    append_utf8(converted, convert(c.code_point, letter_case, at_start));
    out.append(converted, text.runs()[run].trusted);
    at_start = (letter_case == LetterCase::kTitleMethod && !is_cased(c.code_point)) ||
               (letter_case == LetterCase::kTitleFilter && opens_word(c.code_point));
    rest.remove_prefix(c.length);
    offset += c.length;
  }
  return out.finish();
}

}  // namespace youtu::jinja
