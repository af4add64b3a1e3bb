#include "text/jinja/expression_parser.h"

#include <algorithm>
#include <optional>

namespace youtu::jinja {

namespace {

int height_of(const ExprPtr& expr) {
  return expr ? expr->height : 0;
}
int height_of(const std::vector<ExprPtr>& exprs) {
  int height = 0;
  for (const ExprPtr& expr : exprs) height = std::max(height, height_of(expr));
  return height;
}
int height_of(const CallArguments& arguments) {
  int height = height_of(arguments.positional);
  for (const auto& [name, value] : arguments.keywords) height = std::max(height, height_of(value));
  return height;
}

std::optional<BinaryOp> sum_op(const TokenStream& tokens) {
  if (tokens.at_operator("+")) return BinaryOp::kAdd;
  if (tokens.at_operator("-")) return BinaryOp::kSubtract;
  return std::nullopt;
}
std::optional<BinaryOp> product_op(const TokenStream& tokens) {
  if (tokens.at_operator("*")) return BinaryOp::kMultiply;
  if (tokens.at_operator("/")) return BinaryOp::kDivide;
  if (tokens.at_operator("//")) return BinaryOp::kFloorDivide;
  if (tokens.at_operator("%")) return BinaryOp::kModulo;
  return std::nullopt;
}

// Takes a comparison operator, if one is next.
std::optional<CompareOp> take_compare_op(TokenStream& tokens) {
  if (tokens.skip_operator("==")) return CompareOp::kEqual;
  if (tokens.skip_operator("!=")) return CompareOp::kNotEqual;
  if (tokens.skip_operator("<=")) return CompareOp::kLessEqual;
  if (tokens.skip_operator("<")) return CompareOp::kLess;
  if (tokens.skip_operator(">=")) return CompareOp::kGreaterEqual;
  if (tokens.skip_operator(">")) return CompareOp::kGreater;
  if (tokens.skip_name("in")) return CompareOp::kIn;
  const Token& ahead = tokens.ahead();
  if (tokens.at_name("not") && ahead.kind == TokenKind::kName && ahead.text == "in") {
    tokens.next();
    tokens.next();
    return CompareOp::kNotIn;
  }
  return std::nullopt;
}

}  // namespace

template <typename Node>
ExprPtr ExpressionParser::make(int line, int children_height, Node node) {
  if (children_height >= kMaxSyntaxDepth) tokens_.fail_too_deep();
  return std::make_unique<Expr>(Expr{line, children_height + 1, std::move(node)});
}

template <typename Node>
ExprPtr ExpressionParser::make_pair(int line, ExprPtr left, ExprPtr right, Node node) {
  const int height = std::max(height_of(left), height_of(right));
  node.left = std::move(left);
  node.right = std::move(right);
  return make(line, height, std::move(node));
}

ExprPtr ExpressionParser::parse_expression() {
  const TokenStream::Nesting nesting(tokens_);
  ExprPtr value = parse_or();
  while (tokens_.at_name("if")) {
    const int line = tokens_.next().line;
    ConditionalExpr node;
    node.then = std::move(value);
    node.condition = parse_or();
    if (tokens_.skip_name("else")) node.otherwise = parse_expression();
    const int height =
        std::max({height_of(node.condition), height_of(node.then), height_of(node.otherwise)});
    value = make(line, height, std::move(node));
  }
  return value;
}

ExprPtr ExpressionParser::parse_without_conditional() {
  const TokenStream::Nesting nesting(tokens_);
  return parse_or();
}

ExprPtr ExpressionParser::parse_tuple(bool with_conditional) {
  const int line = tokens_.line();
  const auto parse_one = [&] {
    return with_conditional ? parse_expression() : parse_without_conditional();
  };
  ExprPtr first = parse_one();
  if (!tokens_.at_operator(",")) return first;
  ListExpr tuple{.items = {}, .is_tuple = true};
  tuple.items.push_back(std::move(first));
  while (tokens_.skip_operator(",")) {
    const bool ended = tokens_.at(TokenKind::kTagEnd) || tokens_.at(TokenKind::kOutputEnd) ||
                       tokens_.at_operator(")");
    if (ended) break;
    tuple.items.push_back(parse_one());
  }
  const int height = height_of(tuple.items);
  return make(line, height, std::move(tuple));
}

ExprPtr ExpressionParser::parse_or() {
  ExprPtr left = parse_and();
  while (tokens_.at_name("or")) {
    const int line = tokens_.next().line;
    left = make_pair(line, std::move(left), parse_and(), LogicalExpr{LogicalOp::kOr, {}, {}});
  }
  return left;
}

ExprPtr ExpressionParser::parse_and() {
  ExprPtr left = parse_not();
  while (tokens_.at_name("and")) {
    const int line = tokens_.next().line;
    left = make_pair(line, std::move(left), parse_not(), LogicalExpr{LogicalOp::kAnd, {}, {}});
  }
  return left;
}

ExprPtr ExpressionParser::parse_not() {
  if (!tokens_.at_name("not")) return parse_compare();
  const TokenStream::Nesting nesting(tokens_);
  const int line = tokens_.next().line;
  ExprPtr operand = parse_not();
  const int height = height_of(operand);
  return make(line, height, UnaryExpr{UnaryOp::kNot, std::move(operand)});
}

ExprPtr ExpressionParser::parse_compare() {
  const int line = tokens_.line();
  ExprPtr first = parse_sum();
  CompareExpr node;
  int height = height_of(first);
  while (const auto op = take_compare_op(tokens_)) {
    node.rest.emplace_back(*op, parse_sum());
    height = std::max(height, height_of(node.rest.back().second));
  }
  if (node.rest.empty()) return first;
  node.first = std::move(first);
  return make(line, height, std::move(node));
}

ExprPtr ExpressionParser::parse_sum() {
  ExprPtr left = parse_concat();
  while (const auto op = sum_op(tokens_)) {
    const int line = tokens_.next().line;
    left = make_pair(line, std::move(left), parse_concat(), BinaryExpr{*op, {}, {}});
  }
  return left;
}

ExprPtr ExpressionParser::parse_concat() {
  const int line = tokens_.line();
  ExprPtr first = parse_product();
  if (!tokens_.at_operator("~")) return first;
  ConcatExpr node;
  node.parts.push_back(std::move(first));
  while (tokens_.skip_operator("~")) node.parts.push_back(parse_product());
  const int height = height_of(node.parts);
  return make(line, height, std::move(node));
}

ExprPtr ExpressionParser::parse_product() {
  ExprPtr left = parse_power();
  while (const auto op = product_op(tokens_)) {
    const int line = tokens_.next().line;
    left = make_pair(line, std::move(left), parse_power(), BinaryExpr{*op, {}, {}});
  }
  return left;
}

// Associates to the left, unlike Python's.
ExprPtr ExpressionParser::parse_power() {
  ExprPtr left = parse_unary(true);
  while (tokens_.at_operator("**")) {
    const int line = tokens_.next().line;
    left =
        make_pair(line, std::move(left), parse_unary(true), BinaryExpr{BinaryOp::kPower, {}, {}});
  }
  return left;
}

// A filter binds more weakly than a sign: -3|abs is 3.
ExprPtr ExpressionParser::parse_unary(bool with_filters) {
  ExprPtr value;
  if (tokens_.at_operator("-") || tokens_.at_operator("+")) {
    const TokenStream::Nesting nesting(tokens_);
    const UnaryOp op = tokens_.at_operator("-") ? UnaryOp::kMinus : UnaryOp::kPlus;
    const int line = tokens_.next().line;
    ExprPtr operand = parse_unary(false);
    const int height = height_of(operand);
    value = make(line, height, UnaryExpr{op, std::move(operand)});
  } else {
    value = parse_primary();
  }
  value = parse_postfix(std::move(value));
  return with_filters ? parse_filters_and_tests(std::move(value)) : std::move(value);
}

ExprPtr ExpressionParser::parse_primary() {
  const TokenStream::Nesting nesting(tokens_);
  const int line = tokens_.line();
  switch (tokens_.current().kind) {
    case TokenKind::kName:
      return parse_name_or_constant();
    case TokenKind::kString:
      return parse_string();
    case TokenKind::kInteger:
      return make(line, 0, LiteralExpr{Value(tokens_.next().integer)});
    case TokenKind::kFloat:
      return make(line, 0, LiteralExpr{Value(tokens_.next().number)});
    default:
      break;
  }
  if (tokens_.at_operator("(")) return parse_parentheses();
  if (tokens_.at_operator("[")) return parse_list();
  if (tokens_.at_operator("{")) return parse_dict();
  tokens_.fail_expected("an expression");
  return make(line, 0, LiteralExpr{Value()});
}

ExprPtr ExpressionParser::parse_name_or_constant() {
  Token token = tokens_.next();
  const std::string& name = token.text;
  if (name == "true" || name == "True") return make(token.line, 0, LiteralExpr{Value(true)});
  if (name == "false" || name == "False") return make(token.line, 0, LiteralExpr{Value(false)});
  if (name == "none" || name == "None") return make(token.line, 0, LiteralExpr{Value(None{})});
  return make(token.line, 0, NameExpr{std::move(token.text)});
}

ExprPtr ExpressionParser::parse_string() {
  const int line = tokens_.line();
  std::string text;
  while (tokens_.at(TokenKind::kString)) text += tokens_.next().text;
  return make(line, 0, LiteralExpr{Value(std::make_shared<const TracedText>(text, true))});
}

ExprPtr ExpressionParser::parse_parentheses() {
  const int line = tokens_.next().line;
  if (tokens_.skip_operator(")")) return make(line, 0, ListExpr{.items = {}, .is_tuple = true});
  ExprPtr value = parse_tuple(true);
  tokens_.expect_operator(")");
  return value;
}

ExprPtr ExpressionParser::parse_list() {
  const int line = tokens_.next().line;
  ListExpr node{.items = {}, .is_tuple = false};
  while (!tokens_.failed() && !tokens_.at_operator("]")) {
    node.items.push_back(parse_expression());
    if (!tokens_.skip_operator(",")) break;
  }
  tokens_.expect_operator("]");
  const int height = height_of(node.items);
  return make(line, height, std::move(node));
}

ExprPtr ExpressionParser::parse_dict() {
  const int line = tokens_.next().line;
  DictExpr node;
  int height = 0;
  while (!tokens_.failed() && !tokens_.at_operator("}")) {
    ExprPtr key = parse_expression();
    tokens_.expect_operator(":");
    ExprPtr value = parse_expression();
    height = std::max({height, height_of(key), height_of(value)});
    node.entries.emplace_back(std::move(key), std::move(value));
    if (!tokens_.skip_operator(",")) break;
  }
  tokens_.expect_operator("}");
  return make(line, height, std::move(node));
}

ExprPtr ExpressionParser::parse_postfix(ExprPtr value) {
  while (!tokens_.failed()) {
    if (tokens_.at_operator(".")) {
      value = parse_attribute(std::move(value));
    } else if (tokens_.at_operator("[")) {
      value = parse_subscript(std::move(value));
    } else if (tokens_.at_operator("(")) {
      value = parse_call(std::move(value));
    } else {
      break;
    }
  }
  return value;
}

ExprPtr ExpressionParser::parse_attribute(ExprPtr object) {
  const int line = tokens_.next().line;
  const int height = height_of(object);
  if (tokens_.at(TokenKind::kInteger)) {  // x.0 is x[0]
    ExprPtr index = make(line, 0, LiteralExpr{Value(tokens_.next().integer)});
    return make(line, height, SubscriptExpr{std::move(object), std::move(index)});
  }
  std::string name = tokens_.take_name("the name of an attribute");
  return make(line, height, AttributeExpr{std::move(object), std::move(name)});
}

ExprPtr ExpressionParser::parse_subscript(ExprPtr object) {
  const int line = tokens_.next().line;
  int height = height_of(object);
  ExprPtr first;
  if (!tokens_.at_operator(":")) first = parse_expression();
  height = std::max(height, height_of(first));
  if (tokens_.skip_operator("]")) {
    return make(line, height, SubscriptExpr{std::move(object), std::move(first)});
  }
  SliceExpr node;
  node.start = std::move(first);
  const auto parse_bound = [&](ExprPtr& bound) {
    if (!tokens_.skip_operator(":")) return;
    if (!tokens_.at_operator(":") && !tokens_.at_operator("]")) bound = parse_expression();
    height = std::max(height, height_of(bound));
  };
  parse_bound(node.stop);
  parse_bound(node.step);
  tokens_.expect_operator("]");
  node.object = std::move(object);
  return make(line, height, std::move(node));
}

ExprPtr ExpressionParser::parse_call(ExprPtr callee) {
  const int line = tokens_.line();
  CallArguments arguments = parse_arguments();
  const int height = std::max(height_of(callee), height_of(arguments));
  return make(line, height, CallExpr{std::move(callee), std::move(arguments)});
}

CallArguments ExpressionParser::parse_arguments() {
  CallArguments arguments;
  tokens_.expect_operator("(");
  while (!tokens_.failed() && !tokens_.at_operator(")")) {
    const Token& ahead = tokens_.ahead();
    if (tokens_.at_operator("*") || tokens_.at_operator("**")) {
      tokens_.fail("unpacking of arguments ('*', '**') is not supported");
    } else if (tokens_.at(TokenKind::kName) && ahead.kind == TokenKind::kOperator &&
               ahead.text == "=") {
      std::string name = tokens_.next().text;
      tokens_.next();
      arguments.keywords.emplace_back(std::move(name), parse_expression());
    } else if (!arguments.keywords.empty()) {
      tokens_.fail("an argument without a name follows one with a name");
    } else {
      arguments.positional.push_back(parse_expression());
    }
    if (!tokens_.skip_operator(",")) break;
  }
  tokens_.expect_operator(")");
  return arguments;
}

ExprPtr ExpressionParser::parse_filters_and_tests(ExprPtr value) {
  while (!tokens_.failed()) {
    if (tokens_.skip_operator("|")) {
      value = parse_filter(std::move(value));
    } else if (tokens_.at_name("is")) {
      value = parse_test(std::move(value));
    } else if (tokens_.at_operator("(")) {  // the result of a filter can be called
      value = parse_call(std::move(value));
    } else {
      break;
    }
  }
  return value;
}

ExprPtr ExpressionParser::parse_filter(ExprPtr input) {
  const int line = tokens_.line();
  const std::string name = tokens_.take_name("the name of a filter");
  const Filter* filter = find_filter(name);
  if (!filter) tokens_.fail_at(line, "unknown filter '" + name.substr(0, 64) + "'");
  CallArguments arguments;
  if (tokens_.at_operator("(")) arguments = parse_arguments();
  const int height = std::max(height_of(input), height_of(arguments));
  return make(line, height, FilterExpr{filter, std::move(input), std::move(arguments)});
}

std::vector<ExprPtr> ExpressionParser::parse_filter_chain() {
  std::vector<ExprPtr> filters;
  do {
    filters.push_back(parse_filter(nullptr));
  } while (tokens_.skip_operator("|"));
  return filters;
}

ExprPtr ExpressionParser::parse_test(ExprPtr input) {
  const int line = tokens_.next().line;
  const bool negated = tokens_.skip_name("not");
  const std::string name = tokens_.take_name("the name of a test");
  const Predicate* predicate = find_predicate(name);
  if (!predicate) tokens_.fail_at(line, "unknown test '" + name.substr(0, 64) + "'");
  CallArguments arguments;
  if (tokens_.at_operator("(")) {
    arguments = parse_arguments();
  } else if (at_test_argument()) {
    arguments.positional.push_back(parse_postfix(parse_primary()));
  }
  const int height = std::max(height_of(input), height_of(arguments));
  return make(line, height,
              PredicateExpr{predicate, negated, std::move(input), std::move(arguments)});
}

// `x is divisibleby 3` has an argument without parentheses, `x is defined and y` has none.
bool ExpressionParser::at_test_argument() const {
  switch (tokens_.current().kind) {
    case TokenKind::kString:
    case TokenKind::kInteger:
    case TokenKind::kFloat:
      return true;
    case TokenKind::kOperator:
      return tokens_.at_operator("[") || tokens_.at_operator("{");
    case TokenKind::kName: {
      for (const std::string_view word : {"and", "or", "else", "if", "is", "in", "not"}) {
        if (tokens_.at_name(word)) return false;
      }
      return true;
    }
    default:
      return false;
  }
}

}  // namespace youtu::jinja
