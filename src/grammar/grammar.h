// A grammar as all the languages that describe one have it in common: rules over expressions of
// characters. Schemas, regular expressions and grammar texts become one of these; from it the
// automaton is built.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/code_points.h"
#include "youtu/status.h"

namespace youtu {

using ExprId = uint32_t;
using RuleId = uint32_t;
inline constexpr uint32_t kUnbounded = std::numeric_limits<uint32_t>::max();
inline constexpr size_t kMaxExpressions = 200'000;

struct Expr {
  enum class Kind : uint8_t { kBytes, kLetters, kSequence, kChoice, kRepeat, kRule };

  Kind kind = Kind::kBytes;
  bool is_tag = false;             // kBytes: a control token that is spelled so may stand for it
  std::string bytes = {};          // kBytes
  CodePointSet letters = {};       // kLetters
  std::vector<ExprId> parts = {};  // kSequence, kChoice, kRepeat (one)
  uint32_t min = 0;                // kRepeat
  uint32_t max = 0;                // kRepeat; kUnbounded is without end
  RuleId rule = 0;                 // kRule
};

class Grammar {
 public:
  struct Rule {
    std::string name;  // for messages
    ExprId body = 0;
  };

  ExprId empty() { return bytes({}); }
  ExprId bytes(std::string_view text);
  ExprId tag(std::string_view text);
  ExprId letters(CodePointSet set);
  ExprId sequence(std::vector<ExprId> parts);
  // Of no alternatives: nothing matches.
  ExprId choice(std::vector<ExprId> alternatives);
  // REQUIRES: min <= max.
  ExprId repeat(ExprId body, uint32_t min, uint32_t max);
  ExprId optional(ExprId body) { return repeat(body, 0, 1); }
  ExprId rule(RuleId rule);

  // A rule may be named before its body is known. REQUIRES: it gets one before the grammar is used.
  RuleId add_rule(std::string name);
  RuleId add_rule(std::string name, ExprId body);
  void set_body(RuleId rule, ExprId body) { rules_[rule].body = body; }
  void set_root(ExprId root) { root_ = root; }

  const Expr& expr(ExprId id) const { return exprs_[id]; }
  size_t num_exprs() const { return exprs_.size(); }
  const std::vector<Rule>& rules() const { return rules_; }
  ExprId root() const { return root_; }
  // Beyond kMaxExpressions. Whoever builds in a loop looks now and then.
  bool is_too_large() const { return exprs_.size() > kMaxExpressions; }

 private:
  ExprId add(Expr expr);

  std::vector<Expr> exprs_;
  std::vector<Rule> rules_;
  ExprId root_ = 0;
};

// What follows from a grammar's rules.
struct GrammarTraits {
  std::vector<bool> is_nullable;    // [expressions]: it matches the empty text
  std::vector<bool> is_productive;  // [expressions]: it matches some finite text
};

// Fails if the root matches no finite text, or a rule begins with itself (what it would match is
// not known before it is matched).
Result<GrammarTraits> analyse(const Grammar& grammar);

}  // namespace youtu
