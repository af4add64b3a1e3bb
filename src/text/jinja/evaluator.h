// Runs a syntax tree. Statements write to the current output, expressions give values; both stop as
// soon as the Execution has failed.
#pragma once

#include "text/jinja/ast.h"
#include "text/jinja/execution.h"
#include "text/jinja/scope.h"

#include <memory>
#include <vector>

namespace youtu::jinja {

class Evaluator {
 public:
  explicit Evaluator(Execution& execution);

  // A variable of the whole template. `name` must outlive the evaluator.
  void set_global(std::string_view name, Value value) { root_->set(name, std::move(value)); }

  // What the template prints. Look at execution.failed() after it.
  TracedText run(const Block& block);

  // The text that the macro's body prints. `scope` is where the macro was defined.
  Value call_macro(const MacroDefinition& macro, const Scope& scope, const Arguments& arguments);

 private:
  // How a block ended: by itself, or with a break or a continue for the loop around it.
  enum class Flow { kNormal, kBreak, kContinue };
  class Nesting;  // counts evaluation depth

  Flow run_block(const Block& block);
  Flow run_statement(const Stmt& statement);
  Flow run_scoped(const Block& block, Scope& scope);
  // The text that a block prints, instead of printing it.
  Value capture(const Block& block, Flow& flow);

  Flow run(const DataStmt& node);
  Flow run(const OutputStmt& node);
  Flow run(const IfStmt& node);
  Flow run(const ForStmt& node);
  Flow run(const SetStmt& node);
  Flow run(const SetBlockStmt& node);
  Flow run(const MacroStmt& node);
  Flow run(const CallBlockStmt& node);
  Flow run(const FilterBlockStmt& node);
  Flow run(const WithStmt& node);
  Flow run(const GenerationStmt& node);
  Flow run(const BreakStmt&) { return Flow::kBreak; }
  Flow run(const ContinueStmt&) { return Flow::kContinue; }
  std::vector<Value> select_items(const ForStmt& node, Scope& scope);

  void assign(const Target& target, const Value& value);
  void unpack(const Target& target, const Value& value);

  Value eval(const Expr& expr);
  Value eval_optional(const ExprPtr& expr) { return expr ? eval(*expr) : Value(); }
  Value eval(const LiteralExpr& node) { return node.value; }
  Value eval(const NameExpr& node);
  Value eval(const AttributeExpr& node);
  Value eval(const SubscriptExpr& node);
  Value eval(const SliceExpr& node);
  Value eval(const CallExpr& node);
  Value eval(const FilterExpr& node);
  Value eval(const PredicateExpr& node);
  Value eval(const UnaryExpr& node);
  Value eval(const BinaryExpr& node);
  Value eval(const LogicalExpr& node);
  Value eval(const CompareExpr& node);
  Value eval(const ConcatExpr& node);
  Value eval(const ConditionalExpr& node);
  Value eval(const ListExpr& node);
  Value eval(const DictExpr& node);
  Arguments eval_arguments(const CallArguments& arguments);
  Value call(const Value& callee, const Arguments& arguments);
  Value apply_filter(const FilterExpr& node, const Value& input);
  Value apply_filters(const std::vector<ExprPtr>& filters, Value value);

  Scope& make_scope(const Scope* parent);
  Object* make_macro(const MacroDefinition& definition);

  Execution& execution_;
  std::vector<std::unique_ptr<Scope>> scopes_;  // macros keep referring to theirs
  Scope* root_;
  Scope* scope_;
  TextBuilder* out_ = nullptr;
  int depth_ = 0;
  int macro_depth_ = 0;
  int line_ = 1;
};

}  // namespace youtu::jinja
