// Regular languages over characters, run side by side: which of some expressions a text matches.
// What a grammar cannot say by itself - a pattern and a length, a name that matches one pattern and
// not another - is found here and written back as rules.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/grammar.h"
#include "grammar/schema_patterns.h"

namespace youtu {

inline constexpr size_t kMaxLetterNodes = 20'000;    // of the expressions, loops written out
inline constexpr size_t kMaxLetterStates = 2'000;    // that a text can lead to
inline constexpr size_t kMaxLetterWork = 5'000'000;  // nodes and classes that are looked at
inline constexpr size_t kMaxLetterRules = 10'000;    // that one language is written as
inline constexpr size_t kMaxLetterExpressions = 32;  // side by side

// Deterministic and complete: every text leads to one state.
class LetterAutomaton {
 public:
  // Nothing if it would be too large. REQUIRES: at most kMaxLetterExpressions, which call no rules.
  static std::optional<LetterAutomaton> build(const Grammar& grammar,
                                              std::span<const ExprId> expressions);

  // A set of expressions, as bits: those that a text matches.
  using Matches = uint32_t;
  Matches matches_of(std::string_view text) const;
  // The different sets that texts have.
  std::vector<Matches> all_matches() const;

  struct Language {
    std::function<bool(Matches)> accepts;
    uint32_t min_length = 0;
    uint32_t max_length = kUnbounded;
    WriteLetters write_letters;
    std::string name;  // of the rules, for messages
  };
  // The texts of a language, as a rule. Nothing if they would be too many rules.
  std::optional<ExprId> write(Grammar& grammar, const Language& language) const;

 private:
  friend class LetterAutomatonBuilder;
  friend class LanguageWriter;

  // Letters that no expression tells apart are one class.
  size_t class_of(char32_t letter) const;

  std::vector<char32_t> class_begins_;  // rising, from 0 on
  std::vector<uint32_t> steps_;         // [states, classes]
  std::vector<Matches> matches_;        // [states]
};

}  // namespace youtu
