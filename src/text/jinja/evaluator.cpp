#include "text/jinja/evaluator.h"

#include "text/jinja/loop_object.h"
#include "text/jinja/operations.h"
#include "text/jinja/printing.h"

#include <utility>

namespace youtu::jinja {

namespace {

class FunctionObject : public Object {
 public:
  explicit FunctionObject(const Function& function) : function_(function) {}
  std::string_view kind() const override { return "function"; }
  std::string_view name() const override { return function_.name; }
  Value call(Execution& execution, const Arguments& arguments) override {
    return function_.call(execution, arguments);
  }

 private:
  const Function& function_;
};

class MacroObject : public Object {
 public:
  MacroObject(Evaluator& evaluator, const MacroDefinition& definition, const Scope& scope)
      : evaluator_(evaluator), definition_(definition), scope_(scope) {}
  std::string_view kind() const override { return "macro"; }
  std::string_view name() const override { return definition_.name; }
  Value call(Execution&, const Arguments& arguments) override {
    return evaluator_.call_macro(definition_, scope_, arguments);
  }

 private:
  Evaluator& evaluator_;
  const MacroDefinition& definition_;
  const Scope& scope_;
};

constexpr std::string_view kCaller = "caller";

}  // namespace

class Evaluator::Nesting {
 public:
  explicit Nesting(Evaluator& evaluator) : evaluator_(evaluator) {
    evaluator_.execution_.charge(1);
    if (++evaluator_.depth_ > kMaxEvaluationDepth) {
      evaluator_.execution_.fail_limit("nesting of evaluation", kMaxEvaluationDepth);
    }
  }
  ~Nesting() { --evaluator_.depth_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;

 private:
  Evaluator& evaluator_;
};

Evaluator::Evaluator(Execution& execution) : execution_(execution) {
  Scope& builtins = make_scope(nullptr);
  for (const Function& function : global_functions()) {
    builtins.set(function.name,
                 static_cast<Object*>(execution.make_object<FunctionObject>(function)));
  }
  root_ = &make_scope(&builtins);
  scope_ = root_;
}

Scope& Evaluator::make_scope(const Scope* parent) {
  execution_.charge(1);
  scopes_.push_back(std::make_unique<Scope>(parent));
  return *scopes_.back();
}

Object* Evaluator::make_macro(const MacroDefinition& definition) {
  return execution_.make_object<MacroObject>(*this, definition, *scope_);
}

TracedText Evaluator::run(const Block& block) {
  TextBuilder out(execution_);
  out_ = &out;
  run_block(block);
  out_ = nullptr;
  return out.text();
}

Evaluator::Flow Evaluator::run_block(const Block& block) {
  const Nesting nesting(*this);
  for (const Stmt& statement : block) {
    if (execution_.failed()) break;
    const Flow flow = run_statement(statement);
    if (flow != Flow::kNormal) return flow;
  }
  return Flow::kNormal;
}

Evaluator::Flow Evaluator::run_statement(const Stmt& statement) {
  execution_.charge(1);
  const int outer_line = std::exchange(line_, statement.line);
  execution_.set_line(line_);
  const Flow flow = std::visit([this](const auto& node) { return run(node); }, statement.node);
  line_ = outer_line;
  execution_.set_line(line_);
  return flow;
}

Evaluator::Flow Evaluator::run_scoped(const Block& block, Scope& scope) {
  Scope* outer = std::exchange(scope_, &scope);
  const Flow flow = run_block(block);
  scope_ = outer;
  return flow;
}

Value Evaluator::capture(const Block& block, Flow& flow) {
  TextBuilder captured(execution_);
  TextBuilder* outer = std::exchange(out_, &captured);
  flow = run_block(block);
  out_ = outer;
  return captured.finish();
}

Evaluator::Flow Evaluator::run(const DataStmt& node) {
  out_->append(node.text, true);
  return Flow::kNormal;
}

Evaluator::Flow Evaluator::run(const OutputStmt& node) {
  const Value value = eval(*node.value);
  if (!execution_.failed()) print(*out_, execution_, value);
  return Flow::kNormal;
}

Evaluator::Flow Evaluator::run(const IfStmt& node) {
  for (const IfStmt::Branch& branch : node.branches) {
    const bool holds = is_truthy(eval(*branch.condition));
    if (execution_.failed()) return Flow::kNormal;
    if (holds) return run_block(branch.body);
  }
  return run_block(node.otherwise);
}

// The items that the loop's condition lets through; it is evaluated before the first turn.
std::vector<Value> Evaluator::select_items(const ForStmt& node, Scope& scope) {
  std::vector<Value> items = items_of(execution_, eval(*node.sequence));
  if (!node.condition) return items;
  std::vector<Value> selected;
  Scope* outer = std::exchange(scope_, &scope);
  for (Value& item : items) {
    if (execution_.failed()) break;
    assign(node.target, item);
    if (is_truthy(eval(*node.condition))) selected.push_back(std::move(item));
  }
  scope_ = outer;
  return selected;
}

Evaluator::Flow Evaluator::run(const ForStmt& node) {
  Scope& scope = make_scope(scope_);
  const std::vector<Value> items = select_items(node, scope);
  if (execution_.failed()) return Flow::kNormal;
  if (items.empty()) return run_scoped(node.otherwise, make_scope(scope_));
  auto* loop = execution_.make_object<LoopObject>(items.size());
  for (size_t i = 0; i < items.size() && !execution_.failed(); ++i) {
    execution_.charge(1);
    scope.clear();  // what a turn sets is gone in the next
    loop->advance(i, i > 0 ? items[i - 1] : Value(), i + 1 < items.size() ? items[i + 1] : Value());
    scope.set("loop", static_cast<Object*>(loop));
    Scope* outer = std::exchange(scope_, &scope);
    assign(node.target, items[i]);
    scope_ = outer;
    if (execution_.failed() || run_scoped(node.body, scope) == Flow::kBreak) break;
  }
  return Flow::kNormal;
}

Evaluator::Flow Evaluator::run(const SetStmt& node) {
  const Value value = eval(*node.value);
  if (!execution_.failed()) assign(node.target, value);
  return Flow::kNormal;
}

Evaluator::Flow Evaluator::run(const SetBlockStmt& node) {
  Flow flow = Flow::kNormal;
  Scope* outer = std::exchange(scope_, &make_scope(scope_));
  Value value = capture(node.body, flow);
  value = apply_filters(node.filters, std::move(value));
  scope_ = outer;
  if (!execution_.failed() && flow == Flow::kNormal) assign(node.target, value);
  return flow;
}

Evaluator::Flow Evaluator::run(const MacroStmt& node) {
  scope_->set(node.macro.name, make_macro(node.macro));
  return Flow::kNormal;
}

Evaluator::Flow Evaluator::run(const CallBlockStmt& node) {
  const auto& call_expr = std::get<CallExpr>(node.call->node);
  const Value callee = eval(*call_expr.callee);
  Arguments arguments = eval_arguments(call_expr.arguments);
  arguments.keywords.push_back({kCaller, make_macro(node.caller)});
  const Value value = call(callee, arguments);
  if (!execution_.failed()) print(*out_, execution_, value);
  return Flow::kNormal;
}

Evaluator::Flow Evaluator::run(const FilterBlockStmt& node) {
  Flow flow = Flow::kNormal;
  Scope* outer = std::exchange(scope_, &make_scope(scope_));
  Value value = capture(node.body, flow);
  value = apply_filters(node.filters, std::move(value));
  scope_ = outer;
  if (!execution_.failed()) print(*out_, execution_, value);
  return flow;
}

Evaluator::Flow Evaluator::run(const WithStmt& node) {
  Scope& scope = make_scope(scope_);
  for (const auto& [target, expr] : node.assignments) {  // each sees only what is outside
    scope.set(target.name, eval(*expr));
  }
  return execution_.failed() ? Flow::kNormal : run_scoped(node.body, scope);
}

Evaluator::Flow Evaluator::run(const GenerationStmt& node) {
  return run_scoped(node.body, make_scope(scope_));
}

void Evaluator::assign(const Target& target, const Value& value) {
  if (!target.targets.empty()) return unpack(target, value);
  if (target.attribute.empty()) return scope_->set(target.name, value);
  const Value* found = scope_->find(target.name);
  Dict* dict = found ? found->dict() : nullptr;
  if (!dict || !dict->is_namespace) {
    execution_.set_line(target.line);
    execution_.fail("cannot assign an attribute: '" + target.name.substr(0, 64) +
                    "' is not a namespace");
    return;
  }
  dict->set(execution_.make_trusted(target.attribute), value);
}

void Evaluator::unpack(const Target& target, const Value& value) {
  const std::vector<Value> items = items_of(execution_, value);
  if (!execution_.failed() && items.size() != target.targets.size()) {
    execution_.set_line(target.line);
    execution_.fail("cannot unpack " + std::to_string(items.size()) + " values into " +
                    std::to_string(target.targets.size()) + " names");
  }
  if (execution_.failed()) return;
  for (size_t i = 0; i < items.size(); ++i) assign(target.targets[i], items[i]);
}

Value Evaluator::call_macro(const MacroDefinition& macro, const Scope& definition_scope,
                            const Arguments& arguments) {
  if (macro_depth_ >= kMaxMacroDepth) return execution_.fail_limit("nested macros", kMaxMacroDepth);
  const Nesting nesting(*this);
  if (arguments.positional.size() > macro.parameters.size()) {
    return execution_.fail("macro '" + macro.name.substr(0, 64) + "' takes at most " +
                           std::to_string(macro.parameters.size()) + " arguments, not " +
                           std::to_string(arguments.positional.size()));
  }
  Scope& scope = make_scope(&definition_scope);
  for (const Arguments::Keyword& keyword : arguments.keywords) {
    bool known = keyword.name == kCaller;
    for (const auto& parameter : macro.parameters) known |= parameter.name == keyword.name;
    if (!known) {
      return execution_.fail("macro '" + macro.name.substr(0, 64) + "' has no parameter '" +
                             std::string(keyword.name.substr(0, 64)) + "'");
    }
    scope.set(keyword.name, keyword.value);
  }
  ++macro_depth_;
  Scope* outer = std::exchange(scope_, &scope);
  for (size_t i = 0; i < macro.parameters.size(); ++i) {
    const MacroDefinition::Parameter& parameter = macro.parameters[i];
    if (i < arguments.positional.size()) {
      scope.set(parameter.name, arguments.positional[i]);
    } else {
      bool given = false;
      for (const auto& keyword : arguments.keywords) given |= keyword.name == parameter.name;
      if (!given) {
        scope.set(parameter.name,
                  parameter.fallback ? eval(*parameter.fallback) : Undefined{&parameter.name});
      }
    }
  }
  Flow flow = Flow::kNormal;
  Value text = capture(macro.body, flow);
  scope_ = outer;
  --macro_depth_;
  return text;
}

Value Evaluator::eval(const Expr& expr) {
  const Nesting nesting(*this);
  if (execution_.failed()) return {};
  const int outer_line = std::exchange(line_, expr.line);
  execution_.set_line(expr.line);
  Value value = std::visit([this](const auto& node) { return eval(node); }, expr.node);
  line_ = outer_line;
  execution_.set_line(outer_line);
  return execution_.failed() ? Value() : value;
}

Value Evaluator::eval(const NameExpr& node) {
  const Value* found = scope_->find(node.name);
  return found ? *found : Value(Undefined{&node.name});
}

Value Evaluator::eval(const AttributeExpr& node) {
  const Value object = eval(*node.object);
  return execution_.failed() ? Value() : get_attribute(execution_, object, node.name);
}

Value Evaluator::eval(const SubscriptExpr& node) {
  const Value object = eval(*node.object);
  const Value index = eval(*node.index);
  return execution_.failed() ? Value() : get_item(execution_, object, index);
}

Value Evaluator::eval(const SliceExpr& node) {
  const Value object = eval(*node.object);
  const Value start = eval_optional(node.start);
  const Value stop = eval_optional(node.stop);
  const Value step = eval_optional(node.step);
  return execution_.failed() ? Value() : get_slice(execution_, object, start, stop, step);
}

Arguments Evaluator::eval_arguments(const CallArguments& arguments) {
  Arguments out;
  for (const ExprPtr& expr : arguments.positional) out.positional.push_back(eval(*expr));
  for (const auto& [name, expr] : arguments.keywords) out.keywords.push_back({name, eval(*expr)});
  for (const Value& value : out.positional) execution_.charge_reading(value);
  return out;
}

Value Evaluator::call(const Value& callee, const Arguments& arguments) {
  if (execution_.failed()) return {};
  if (callee.is_undefined()) return execution_.fail(undefined_message(callee));
  Object* object = callee.object();
  if (!object) return execution_.fail(std::string(type_name(callee)) + " is not callable");
  return object->call(execution_, arguments);
}

Value Evaluator::eval(const CallExpr& node) {
  const Value callee = eval(*node.callee);
  return call(callee, eval_arguments(node.arguments));
}

Value Evaluator::apply_filter(const FilterExpr& node, const Value& input) {
  const Arguments arguments = eval_arguments(node.arguments);
  if (execution_.failed()) return {};
  execution_.charge_reading(input);
  return node.filter->apply(execution_, input, arguments);
}

Value Evaluator::apply_filters(const std::vector<ExprPtr>& filters, Value value) {
  for (const ExprPtr& filter : filters) {
    if (execution_.failed()) break;
    value = apply_filter(std::get<FilterExpr>(filter->node), value);
  }
  return value;
}

Value Evaluator::eval(const FilterExpr& node) {
  const Value input = eval(*node.input);
  return apply_filter(node, input);
}

Value Evaluator::eval(const PredicateExpr& node) {
  const Value input = eval(*node.input);
  const Arguments arguments = eval_arguments(node.arguments);
  if (execution_.failed()) return {};
  return node.predicate->holds(execution_, input, arguments) != node.negated;
}

Value Evaluator::eval(const UnaryExpr& node) {
  const Value operand = eval(*node.operand);
  return execution_.failed() ? Value() : apply(execution_, node.op, operand);
}

Value Evaluator::eval(const BinaryExpr& node) {
  const Value left = eval(*node.left);
  const Value right = eval(*node.right);
  return execution_.failed() ? Value() : apply(execution_, node.op, left, right);
}

// Gives one of its operands, as in Python.
Value Evaluator::eval(const LogicalExpr& node) {
  Value left = eval(*node.left);
  if (execution_.failed() || is_truthy(left) == (node.op == LogicalOp::kOr)) return left;
  return eval(*node.right);
}

Value Evaluator::eval(const CompareExpr& node) {
  Value left = eval(*node.first);
  for (const auto& [op, expr] : node.rest) {
    Value right = eval(*expr);
    if (execution_.failed()) return {};
    if (!apply(execution_, op, left, right)) return false;
    left = std::move(right);
  }
  return true;
}

Value Evaluator::eval(const ConcatExpr& node) {
  TextBuilder out(execution_);
  for (const ExprPtr& expr : node.parts) {
    const Value value = eval(*expr);
    if (execution_.failed()) return {};
    print(out, execution_, value);
  }
  return out.finish();
}

Value Evaluator::eval(const ConditionalExpr& node) {
  const bool holds = is_truthy(eval(*node.condition));
  if (execution_.failed()) return {};
  return holds ? eval(*node.then) : eval_optional(node.otherwise);
}

Value Evaluator::eval(const ListExpr& node) {
  std::vector<Value> items;
  items.reserve(node.items.size());
  for (const ExprPtr& expr : node.items) items.push_back(eval(*expr));
  return node.is_tuple ? execution_.make_tuple(std::move(items))
                       : execution_.make_list(std::move(items));
}

Value Evaluator::eval(const DictExpr& node) {
  Dict* dict = execution_.make_dict();
  for (const auto& [key_expr, value_expr] : node.entries) {
    const Value key = eval(*key_expr);
    Value value = eval(*value_expr);
    if (execution_.failed()) break;
    if (!Dict::is_key(key)) {
      return execution_.fail(std::string(type_name(key)) + " cannot be a key");
    }
    dict->set(key, std::move(value));
  }
  return dict;
}

}  // namespace youtu::jinja
