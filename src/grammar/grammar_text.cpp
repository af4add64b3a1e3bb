#include "grammar/grammar_text.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/utf8.h"
#include "grammar/grammar_reader.h"
#include "grammar/json_schema.h"
#include "grammar/regex_parser.h"

namespace youtu {
namespace {

class GrammarTextParser {
 public:
  GrammarTextParser(std::string_view text, Grammar& grammar) : reader_(text), grammar_(grammar) {}

  Result<ExprId> parse() {
    reader_.skip_space();
    while (!reader_.is_at_end()) RETURN_IF_ERROR(parse_rule());
    for (const auto& [name, rule] : rules_) {
      if (rule.is_defined) continue;
      return reader_.error_at(rule.first_use, "the rule \"" + name + "\" is not defined");
    }
    const auto root = rules_.find("root");
    if (root == rules_.end()) return reader_.error_at(0, "there is no rule \"root\"");
    return grammar_.rule(root->second.id);
  }

 private:
  struct NamedRule {
    RuleId id = 0;
    size_t first_use = 0;  // offset
    bool is_defined = false;
  };

  NamedRule& rule_of(const std::string& name, size_t offset) {
    const auto [place, is_new] = rules_.try_emplace(name);
    if (is_new) place->second = {.id = grammar_.add_rule(name), .first_use = offset};
    return place->second;
  }

  Status parse_rule() {
    const size_t begin = reader_.offset();
    const std::string name(reader_.take_name());
    if (name.empty()) return reader_.error("the name of a rule was expected");
    reader_.skip_space();
    if (!reader_.take("::=")) return reader_.error("::= was expected");
    NamedRule& rule = rule_of(name, begin);
    if (rule.is_defined) {
      return reader_.error_at(begin, "the rule \"" + name + "\" is defined twice");
    }
    rule.is_defined = true;
    const RuleId id = rule.id;
    if (rules_.size() > kMaxGrammarRules) {
      return reader_.error("more than " + std::to_string(kMaxGrammarRules) + " rules");
    }
    reader_.skip_space();
    const auto body = parse_alternatives(0);
    RETURN_IF_ERROR(body);
    grammar_.set_body(id, *body);
    if (!reader_.is_at_end() && !is_rule_next()) return reader_.error("a ) without its (");
    return Status::ok();
  }

  // A name that ::= follows.
  bool is_rule_next() {
    GrammarReader ahead = reader_;
    if (ahead.take_name().empty()) return false;
    ahead.skip_space();
    return ahead.is_next("::=");
  }

  Result<ExprId> parse_alternatives(int depth) {
    if (depth > kMaxGrammarDepth) {
      return reader_.error("nested deeper than " + std::to_string(kMaxGrammarDepth));
    }
    std::vector<ExprId> alternatives;
    for (;;) {
      auto one = parse_sequence(depth);
      RETURN_IF_ERROR(one);
      alternatives.push_back(*one);
      if (!reader_.take("|")) break;
      reader_.skip_space();
    }
    return grammar_.choice(std::move(alternatives));
  }

  Result<ExprId> parse_sequence(int depth) {
    std::vector<ExprId> parts;
    while (!reader_.is_at_end() && !reader_.is_next("|") && !reader_.is_next(")") &&
           !is_rule_next()) {
      auto part = parse_repeated(depth);
      RETURN_IF_ERROR(part);
      parts.push_back(*part);
      if (grammar_.is_too_large()) return reader_.error("the grammar is too large");
    }
    return grammar_.sequence(std::move(parts));
  }

  Result<ExprId> parse_repeated(int depth) {
    auto term = parse_term(depth);
    RETURN_IF_ERROR(term);
    reader_.skip_space();
    const size_t place = reader_.offset();
    uint32_t min = 0;
    uint32_t max = kUnbounded;
    if (reader_.take("*")) {
    } else if (reader_.take("+")) {
      min = 1;
    } else if (reader_.take("?")) {
      max = 1;
    } else if (reader_.take("{")) {
      const auto counts = reader_.take_counts(kMaxGrammarRepeat);
      RETURN_IF_ERROR(counts);
      std::tie(min, max) = *counts;
    } else {
      return term;
    }
    if (min > max) return reader_.error_at(place, "the counts are the wrong way round");
    reader_.skip_space();
    return grammar_.repeat(*term, min, max);
  }

  Result<ExprId> parse_term(int depth) {
    if (reader_.take("\"")) {
      const auto text = reader_.take_literal();
      RETURN_IF_ERROR(text);
      return grammar_.tag(*text);
    }
    if (reader_.take("[")) {
      auto letters = reader_.take_class();
      RETURN_IF_ERROR(letters);
      return grammar_.letters(*std::move(letters));
    }
    if (reader_.take("(")) return parse_group(depth);
    if (reader_.take(".")) return grammar_.letters(CodePointSet::all());
    if (reader_.take("%json")) return parse_json_schema();
    if (reader_.take("%regex")) return parse_pattern();
    const size_t begin = reader_.offset();
    const std::string name(reader_.take_name());
    if (name.empty()) {
      return reader_.error("a literal, a class, a group or the name of a rule was expected");
    }
    return grammar_.rule(rule_of(name, begin).id);
  }

  Result<ExprId> parse_group(int depth) {
    const size_t begin = reader_.offset() - 1;
    reader_.skip_space();
    auto inner = parse_alternatives(depth + 1);
    RETURN_IF_ERROR(inner);
    if (!reader_.take(")")) return reader_.error_at(begin, "this group has no end");
    return inner;
  }

  Result<ExprId> parse_json_schema() {
    reader_.skip_space();
    const size_t begin = reader_.offset();
    const auto text = reader_.take_json();
    RETURN_IF_ERROR(text);
    auto value = compile_json_schema(*text, grammar_);
    if (value) return value;
    return reader_.error_at(begin, "%json: " + value.status().message());
  }

  Result<ExprId> parse_pattern() {
    reader_.skip_space();
    const size_t begin = reader_.offset();
    if (!reader_.take("\"")) return reader_.error("a pattern in quotes was expected");
    const auto pattern = reader_.take_literal();
    RETURN_IF_ERROR(pattern);
    auto expr = parse_regex(*pattern, whole_text_regex(), grammar_);
    if (expr) return expr;
    return reader_.error_at(begin, "%regex: " + expr.status().message());
  }

  GrammarReader reader_;
  Grammar& grammar_;
  std::map<std::string, NamedRule> rules_;
};

}  // namespace

Result<ExprId> parse_grammar(std::string_view text, Grammar& grammar) {
  if (const size_t bad = find_invalid_utf8(text); bad != std::string_view::npos) {
    return Status::invalid_argument("byte " + std::to_string(bad) + ": not UTF-8", {},
                                    "invalid_utf8");
  }
  return GrammarTextParser(text, grammar).parse();
}

}  // namespace youtu
