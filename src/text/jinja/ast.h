// The syntax tree of a template. It is built once, checked against kMaxSyntaxDepth, and then only
// read, by any number of renderings at a time.
#pragma once

#include "text/jinja/builtins.h"
#include "text/jinja/value.h"

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace youtu::jinja {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

enum class UnaryOp { kNot, kMinus, kPlus };
enum class BinaryOp { kAdd, kSubtract, kMultiply, kDivide, kFloorDivide, kModulo, kPower };
enum class LogicalOp { kAnd, kOr };
enum class CompareOp { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kIn, kNotIn };

struct CallArguments {
  std::vector<ExprPtr> positional;
  std::vector<std::pair<std::string, ExprPtr>> keywords;
};

struct LiteralExpr {
  Value value;
};
struct NameExpr {
  std::string name;
};
struct AttributeExpr {
  ExprPtr object;
  std::string name;
};
struct SubscriptExpr {
  ExprPtr object;
  ExprPtr index;
};
struct SliceExpr {
  ExprPtr object;
  ExprPtr start, stop, step;  // any may be null
};
struct CallExpr {
  ExprPtr callee;
  CallArguments arguments;
};
struct FilterExpr {
  const Filter* filter;
  ExprPtr input;  // null where a block's text is the input
  CallArguments arguments;
};
struct PredicateExpr {
  const Predicate* predicate;
  bool negated;
  ExprPtr input;
  CallArguments arguments;
};
struct UnaryExpr {
  UnaryOp op;
  ExprPtr operand;
};
struct BinaryExpr {
  BinaryOp op;
  ExprPtr left, right;
};
struct LogicalExpr {
  LogicalOp op;
  ExprPtr left, right;
};
struct CompareExpr {  // a < b <= c
  ExprPtr first;
  std::vector<std::pair<CompareOp, ExprPtr>> rest;
};
struct ConcatExpr {  // a ~ b ~ c
  std::vector<ExprPtr> parts;
};
struct ConditionalExpr {
  ExprPtr condition, then;
  ExprPtr otherwise;  // may be null
};
struct ListExpr {
  std::vector<ExprPtr> items;
  bool is_tuple;
};
struct DictExpr {
  std::vector<std::pair<ExprPtr, ExprPtr>> entries;
};

struct Expr {
  int line;
  int height;  // of the tree below, at least 1
  std::variant<LiteralExpr, NameExpr, AttributeExpr, SubscriptExpr, SliceExpr, CallExpr, FilterExpr,
               PredicateExpr, UnaryExpr, BinaryExpr, LogicalExpr, CompareExpr, ConcatExpr,
               ConditionalExpr, ListExpr, DictExpr>
      node;
};

// What `set` and `for` assign to: a name, an attribute of a namespace, or several of these.
struct Target {
  int line = 1;
  std::string name = {};
  std::string attribute = {};        // with it, `name` is a namespace
  std::vector<Target> targets = {};  // if not empty, a sequence is unpacked into them
};

struct Stmt;
using Block = std::vector<Stmt>;

struct MacroDefinition {
  struct Parameter {
    std::string name;
    ExprPtr fallback;  // may be null
  };
  std::string name;
  std::vector<Parameter> parameters;
  Block body;
};

struct DataStmt {
  std::string text;
};
struct OutputStmt {
  ExprPtr value;
};
struct IfStmt {
  struct Branch {
    ExprPtr condition;
    Block body;
  };
  std::vector<Branch> branches;
  Block otherwise;
};
struct ForStmt {
  Target target;
  ExprPtr sequence;
  ExprPtr condition;  // may be null
  Block body;
  Block otherwise;
};
struct SetStmt {
  Target target;
  ExprPtr value;
};
struct SetBlockStmt {
  Target target;
  std::vector<ExprPtr> filters;  // each a FilterExpr without input
  Block body;
};
struct MacroStmt {
  MacroDefinition macro;
};
struct CallBlockStmt {
  ExprPtr call;  // a CallExpr
  MacroDefinition caller;
};
struct FilterBlockStmt {
  std::vector<ExprPtr> filters;
  Block body;
};
struct WithStmt {
  std::vector<std::pair<Target, ExprPtr>> assignments;
  Block body;
};
struct GenerationStmt {  // marks what the model said, for training; here it is only its body
  Block body;
};
struct BreakStmt {};
struct ContinueStmt {};

struct Stmt {
  int line;
  std::variant<DataStmt, OutputStmt, IfStmt, ForStmt, SetStmt, SetBlockStmt, MacroStmt,
               CallBlockStmt, FilterBlockStmt, WithStmt, GenerationStmt, BreakStmt, ContinueStmt>
      node;
};

}  // namespace youtu::jinja
