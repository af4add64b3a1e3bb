// Upper case, lower case and what lies between, with the trust of each character kept. One code
// point becomes one code point (Unicode's simple mappings), so "ß" stays as it is where Python
// writes "SS".
#pragma once

#include "text/jinja/execution.h"

namespace youtu::jinja {

enum class LetterCase {
  kUpper,
  kLower,
  kCapitalize,   // the first character upper, the rest lower
  kTitleMethod,  // str.title(): a letter is upper if no letter stands before it
  kTitleFilter,  // Jinja's filter: upper after white space, hyphens and opening brackets only
};

Value change_case(Execution& execution, const TracedText& text, LetterCase letter_case);

bool is_upper_letter(char32_t c);
bool is_lower_letter(char32_t c);
bool is_letter(char32_t c);
bool is_decimal_digit(char32_t c);

}  // namespace youtu::jinja
