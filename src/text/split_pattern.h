// A compiled regular expression that finds its matches in a text, one after the other. It is PCRE2
// with its JIT compiler, in Unicode mode, within limits on steps and memory: a pattern that
// backtracks without end is an error.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "youtu/status.h"

namespace youtu {

// Const and thread-safe after compile(): what a match needs besides is kept per thread.
class SplitPattern {
 public:
  // PCRE2's own syntax; ^ and $ match at lines, as in Oniguruma. See translate_oniguruma().
  static Result<SplitPattern> compile(std::string_view pattern);
  // A text to be found as it is.
  static SplitPattern literal(std::string text);
  static bool is_valid(std::string_view pattern);

  struct Match {
    size_t begin = 0;
    size_t end = 0;  // equal to begin for an empty match
    bool found = false;
  };
  // The first match at or after `from`. REQUIRES: `text` is UTF-8 and `from` is at a character.
  // Fails, with reason "too_complex", only where the limits on steps or memory are reached.
  Result<Match> find(std::string_view text, size_t from) const;

 private:
  struct Code;
  SplitPattern() = default;

  std::shared_ptr<const Code> code_;  // none for a literal
  std::string literal_;
};

}  // namespace youtu
