// Tokens to expressions, with Python's precedence as Jinja has it.
#pragma once

#include "text/jinja/ast.h"
#include "text/jinja/token_stream.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace youtu::jinja {

class ExpressionParser {
 public:
  explicit ExpressionParser(TokenStream& tokens) : tokens_(tokens) {}

  // After an error the stream has failed and the result may be null.
  ExprPtr parse_expression();           // with `a if b else c`
  ExprPtr parse_without_conditional();  // where a following `if` belongs to the statement
  // One expression, or a tuple of several without parentheses.
  ExprPtr parse_tuple(bool with_conditional);
  // `name(arguments)|name...`, the first without a bar before it. Each is a FilterExpr with no
  // input.
  std::vector<ExprPtr> parse_filter_chain();

 private:
  ExprPtr parse_or();
  ExprPtr parse_and();
  ExprPtr parse_not();
  ExprPtr parse_compare();
  ExprPtr parse_sum();
  ExprPtr parse_concat();
  ExprPtr parse_product();
  ExprPtr parse_power();
  ExprPtr parse_unary(bool with_filters);
  ExprPtr parse_primary();
  ExprPtr parse_postfix(ExprPtr value);
  ExprPtr parse_filters_and_tests(ExprPtr value);
  ExprPtr parse_filter(ExprPtr input);
  ExprPtr parse_test(ExprPtr input);
  ExprPtr parse_attribute(ExprPtr object);
  ExprPtr parse_subscript(ExprPtr object);
  ExprPtr parse_call(ExprPtr callee);
  ExprPtr parse_name_or_constant();
  ExprPtr parse_string();
  ExprPtr parse_parentheses();
  ExprPtr parse_list();
  ExprPtr parse_dict();
  CallArguments parse_arguments();
  bool at_test_argument() const;

  // Checks the height of the new tree against kMaxSyntaxDepth.
  template <typename Node>
  ExprPtr make(int line, int children_height, Node node);
  template <typename Node>
  ExprPtr make_pair(int line, ExprPtr left, ExprPtr right, Node node);

  TokenStream& tokens_;
};

}  // namespace youtu::jinja
