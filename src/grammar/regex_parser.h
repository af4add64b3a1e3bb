// Regular expressions as expressions of a grammar: what is regular in the syntax that JavaScript,
// Python and PCRE share. What looks around or back is refused.
#pragma once

#include <functional>
#include <string_view>

#include "grammar/grammar.h"
#include "youtu/status.h"

namespace youtu {

inline constexpr size_t kMaxRegexBytes = 16u << 10;
inline constexpr int kMaxRegexDepth = 64;
inline constexpr uint32_t kMaxRegexRepeat = 65'535;

struct RegexOptions {
  // Whether the expression matches a text when it matches some part of it, as in a JSON schema.
  // Else it must match the whole.
  bool is_search = false;
  CodePointSet dot;    // what . stands for
  CodePointSet space;  // what \s stands for
  CodePointSet not_space;
  // How one letter of a set is written.
  std::function<ExprId(Grammar&, const CodePointSet&)> write_letters;
};

// The letters themselves; . is all but a line feed, and classes are of ASCII, as in PCRE.
RegexOptions whole_text_regex();

// Errors begin with "offset 12: ", in bytes from 0.
Result<ExprId> parse_regex(std::string_view pattern, const RegexOptions& options, Grammar& grammar);

}  // namespace youtu
