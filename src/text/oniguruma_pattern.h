// tokenizer.json writes regular expressions for Oniguruma (Ruby syntax); we run PCRE2. This
// translates one into the other where the same spelling means different things, and refuses by name
// what has no equal.
#pragma once

#include <string>
#include <string_view>

#include "youtu/status.h"

namespace youtu {

// The differences that are translated:
//   \s \S        Unicode White_Space; PCRE2 counts U+180E too
//   \w \W \b \B  with marks, as in Oniguruma; PCRE2 before 10.43 has none
//   \h \H        a hexadecimal digit; PCRE2: horizontal space
//   \p{Han}      the script property; PCRE2 from 10.40 on would take script extensions
//   \p{Letter}   long names of general categories
//   \uHHHH       a code point
//   [a[b]&&[^c]] union and intersection of classes
//   x{1,3}+      a repetition of the repetition; PCRE2: possessive
//   (?m:.)       the dot matches newlines; elsewhere ^ and $ match at every line
//   {,3}         {0,3}
//   (x)          no group captures, because nothing may refer back
// Refused: back references, names, calls, conditions, absent operators, POSIX brackets, other
// letters after a backslash, options other than i and m. Error messages name the construct and its
// position.
Result<std::string> translate_oniguruma(std::string_view pattern);

}  // namespace youtu
