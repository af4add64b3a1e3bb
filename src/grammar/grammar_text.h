// Grammars as text, in the notation of llama.cpp (GBNF): rules `name ::= ...` of "literals",
// [classes], (groups), | alternatives and repetition by * + ? {n} {n,} {n,m}. Two words more:
// `%json {schema}` is a JSON value of that schema, and `%regex "pattern"` what that pattern
// matches.
//
// A rule ends where the next begins, so lines may be broken anywhere. A literal may be written by
// the model as a control token of that spelling.
#pragma once

#include <string_view>

#include "grammar/grammar.h"
#include "youtu/status.h"

namespace youtu {

inline constexpr int kMaxGrammarDepth = 64;
inline constexpr size_t kMaxGrammarRules = 5000;
inline constexpr uint32_t kMaxGrammarRepeat = 65'535;

// The rule `root`. Errors begin with "line 3, column 7: ".
Result<ExprId> parse_grammar(std::string_view text, Grammar& grammar);

}  // namespace youtu
