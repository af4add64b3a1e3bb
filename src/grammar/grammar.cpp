#include "grammar/grammar.h"

#include "base/check.h"

namespace youtu {

ExprId Grammar::add(Expr expr) {
  exprs_.push_back(std::move(expr));
  return static_cast<ExprId>(exprs_.size() - 1);
}

ExprId Grammar::bytes(std::string_view text) {
  return add({.kind = Expr::Kind::kBytes, .bytes = std::string(text)});
}

ExprId Grammar::tag(std::string_view text) {
  return add({.kind = Expr::Kind::kBytes, .is_tag = true, .bytes = std::string(text)});
}

ExprId Grammar::letters(CodePointSet set) {
  return add({.kind = Expr::Kind::kLetters, .letters = std::move(set)});
}

ExprId Grammar::sequence(std::vector<ExprId> parts) {
  if (parts.size() == 1) return parts.front();
  return add({.kind = Expr::Kind::kSequence, .parts = std::move(parts)});
}

ExprId Grammar::choice(std::vector<ExprId> alternatives) {
  if (alternatives.size() == 1) return alternatives.front();
  return add({.kind = Expr::Kind::kChoice, .parts = std::move(alternatives)});
}

ExprId Grammar::repeat(ExprId body, uint32_t min, uint32_t max) {
  CHECK(min <= max);
  return add({.kind = Expr::Kind::kRepeat, .parts = {body}, .min = min, .max = max});
}

ExprId Grammar::rule(RuleId rule) {
  return add({.kind = Expr::Kind::kRule, .rule = rule});
}

RuleId Grammar::add_rule(std::string name) {
  return add_rule(std::move(name), empty());
}

RuleId Grammar::add_rule(std::string name, ExprId body) {
  rules_.push_back({.name = std::move(name), .body = body});
  return static_cast<RuleId>(rules_.size() - 1);
}

}  // namespace youtu
