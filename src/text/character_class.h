// The few character classes that are needed outside of regular expressions, by Unicode's
// definitions.
#pragma once

#include <cstddef>
#include <string_view>

namespace youtu {

// Property White_Space.
bool is_white_space(char32_t c);

// What \w means to Rust's and Oniguruma's regular expressions: letters, marks, decimal digits,
// connectors.
bool is_word_character(char32_t c);

// Bytes of whitespace at the front and at the end of UTF-8 text.
size_t leading_white_space(std::string_view text);
size_t trailing_white_space(std::string_view text);

}  // namespace youtu
