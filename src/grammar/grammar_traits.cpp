// Which expressions match the empty text, which match anything at all, and whether a rule begins
// with itself. The first two are least fixed points: what is not shown is not so.
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "grammar/grammar.h"

namespace youtu {
namespace {

using Kind = Expr::Kind;

// Goes over all expressions until nothing new is found: up, for what is written before it is used,
// and down, for rules that are used before they are written.
std::vector<bool> least_fixed_point(
    const Grammar& grammar,
    const std::function<bool(const Expr&, const std::vector<bool>&)>& holds) {
  const auto num_exprs = static_cast<ExprId>(grammar.num_exprs());
  std::vector<bool> known(num_exprs, false);
  bool has_changed = false;
  const auto look_at = [&](ExprId id) {
    if (known[id] || !holds(grammar.expr(id), known)) return;
    known[id] = true;
    has_changed = true;
  };
  do {
    has_changed = false;
    for (ExprId id = 0; id < num_exprs; ++id) look_at(id);
    for (ExprId id = num_exprs; id-- > 0;) look_at(id);
  } while (has_changed);
  return known;
}

bool all_of(const Expr& expr, const std::vector<bool>& known) {
  return std::ranges::all_of(expr.parts, [&](ExprId part) { return known[part]; });
}

bool any_of(const Expr& expr, const std::vector<bool>& known) {
  return std::ranges::any_of(expr.parts, [&](ExprId part) { return known[part]; });
}

std::vector<bool> find_nullable(const Grammar& grammar) {
  return least_fixed_point(grammar, [&](const Expr& expr, const std::vector<bool>& known) {
    switch (expr.kind) {
      case Kind::kBytes:
        return expr.bytes.empty();
      case Kind::kLetters:
        return false;
      case Kind::kSequence:
        return all_of(expr, known);
      case Kind::kChoice:
        return any_of(expr, known);
      case Kind::kRepeat:
        return expr.min == 0 || all_of(expr, known);
      case Kind::kRule:
        return bool{known[grammar.rules()[expr.rule].body]};
    }
    return false;
  });
}

std::vector<bool> find_productive(const Grammar& grammar) {
  return least_fixed_point(grammar, [&](const Expr& expr, const std::vector<bool>& known) {
    switch (expr.kind) {
      case Kind::kBytes:
        return true;
      case Kind::kLetters:
        return !expr.letters.is_empty();
      case Kind::kSequence:
        return all_of(expr, known);
      case Kind::kChoice:
        return any_of(expr, known);
      case Kind::kRepeat:
        return expr.min == 0 || all_of(expr, known);
      case Kind::kRule:
        return bool{known[grammar.rules()[expr.rule].body]};
    }
    return false;
  });
}

// The rules that `expr` may begin with.
void collect_first_rules(const Grammar& grammar, const GrammarTraits& traits, ExprId root,
                         std::vector<RuleId>& rules) {
  std::vector<ExprId> open = {root};
  while (!open.empty()) {
    const ExprId id = open.back();
    open.pop_back();
    const Expr& expr = grammar.expr(id);
    if (!traits.is_productive[id]) continue;
    if (expr.kind == Kind::kRule) rules.push_back(expr.rule);
    for (const ExprId part : expr.parts) {
      open.push_back(part);
      if (expr.kind == Kind::kSequence && !traits.is_nullable[part]) break;
    }
  }
}

// Depth first over "may begin with"; a rule that is met again while it is open begins with itself.
class LeftRecursionSearch {
 public:
  LeftRecursionSearch(const Grammar& grammar, const GrammarTraits& traits)
      : first_rules_(grammar.rules().size()), marks_(grammar.rules().size(), Mark::kNew) {
    for (RuleId rule = 0; rule < grammar.rules().size(); ++rule) {
      collect_first_rules(grammar, traits, grammar.rules()[rule].body, first_rules_[rule]);
    }
  }

  // A rule that begins with itself, or kUnbounded.
  RuleId find() {
    for (RuleId rule = 0; rule < marks_.size(); ++rule) {
      if (const RuleId found = visit(rule); found != kUnbounded) return found;
    }
    return kUnbounded;
  }

 private:
  enum class Mark : uint8_t { kNew, kOpen, kDone };
  struct Visit {
    RuleId rule;
    size_t next = 0;
  };

  RuleId visit(RuleId start) {
    if (marks_[start] != Mark::kNew) return kUnbounded;
    std::vector<Visit> path = {{start}};
    marks_[start] = Mark::kOpen;
    while (!path.empty()) {
      Visit& top = path.back();
      if (top.next == first_rules_[top.rule].size()) {
        marks_[top.rule] = Mark::kDone;
        path.pop_back();
        continue;
      }
      const RuleId next = first_rules_[top.rule][top.next++];
      if (marks_[next] == Mark::kOpen) return next;
      if (marks_[next] == Mark::kDone) continue;
      marks_[next] = Mark::kOpen;
      path.push_back({next});
    }
    return kUnbounded;
  }

  std::vector<std::vector<RuleId>> first_rules_;
  std::vector<Mark> marks_;
};

}  // namespace

Result<GrammarTraits> analyse(const Grammar& grammar) {
  GrammarTraits traits = {.is_nullable = find_nullable(grammar),
                          .is_productive = find_productive(grammar)};
  const RuleId rule = LeftRecursionSearch(grammar, traits).find();
  if (rule != kUnbounded) {
    return Status::invalid_argument(grammar.rules()[rule].name + ": it begins with itself");
  }
  if (traits.is_productive[grammar.root()]) return traits;
  const auto endless = std::ranges::find_if(
      grammar.rules(), [&](const Grammar::Rule& r) { return !traits.is_productive[r.body]; });
  const std::string where = endless == grammar.rules().end() ? "" : endless->name + ": ";
  return Status::invalid_argument(where + "no finite text has this form");
}

}  // namespace youtu
