#include "text/jinja/parser.h"

#include "text/jinja/expression_parser.h"
#include "text/jinja/lexer.h"
#include "text/jinja/limits.h"
#include "text/jinja/token_stream.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>

namespace youtu::jinja {

namespace {

class StatementParser {
 public:
  explicit StatementParser(TokenStream& tokens) : tokens_(tokens), expressions_(tokens) {}

  Block parse_all() {
    Block block = parse_until({});
    if (!tokens_.at(TokenKind::kEnd)) {
      tokens_.fail("'" + tokens_.current().text.substr(0, 64) + "' without its beginning");
    }
    return block;
  }

 private:
  using Words = std::initializer_list<std::string_view>;

  bool at_any(Words words) const {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return tokens_.at_name(word); });
  }

  // Statements up to a tag that begins with one of `end_words` (or any unknown "end..."): its "{%"
  // is taken, its word is current. Without end words: up to the end.
  Block parse_until(Words end_words) {
    const TokenStream::Nesting nesting(tokens_);
    Block block;
    while (!tokens_.failed() && !tokens_.at(TokenKind::kEnd)) {
      const int line = tokens_.line();
      if (tokens_.at(TokenKind::kData)) {
        block.push_back({line, DataStmt{tokens_.next().text}});
      } else if (tokens_.at(TokenKind::kOutputBegin)) {
        tokens_.next();
        block.push_back({line, OutputStmt{expressions_.parse_tuple(true)}});
        tokens_.expect(TokenKind::kOutputEnd, "'}}'");
      } else {
        tokens_.next();
        if (at_any(end_words)) return block;
        parse_statement(block);
      }
    }
    if (end_words.size() > 0) {
      tokens_.fail_expected("'{% " + std::string(*(end_words.end() - 1)) + " %}'");
    }
    return block;
  }

  // A block that ends with `{% end_word %}`, which is taken too.
  Block parse_body(std::string_view end_word) {
    Block body = parse_until({end_word});
    tokens_.next();
    end_tag();
    return body;
  }

  void end_tag() { tokens_.expect(TokenKind::kTagEnd, "'%}'"); }

  void parse_statement(Block& block) {
    const int line = tokens_.line();
    const std::string word = tokens_.take_name("the name of a tag");
    if (word == "if") {
      block.push_back({line, parse_if()});
    } else if (word == "for") {
      block.push_back({line, parse_for()});
    } else if (word == "set") {
      parse_set(line, block);
    } else if (word == "macro") {
      block.push_back({line, parse_macro()});
    } else if (word == "call") {
      block.push_back({line, parse_call_block()});
    } else if (word == "filter") {
      block.push_back({line, parse_filter_block()});
    } else if (word == "with") {
      block.push_back({line, parse_with()});
    } else if (word == "generation") {
      end_tag();
      block.push_back({line, GenerationStmt{parse_body("endgeneration")}});
    } else if (word == "break" || word == "continue") {
      parse_loop_control(line, word == "break", block);
    } else {
      fail_unknown_tag(line, word);
    }
  }

  void fail_unknown_tag(int line, const std::string& word) {
    constexpr std::array<std::string_view, 6> kRefused = {"include", "import", "from",
                                                          "extends", "block",  "do"};
    if (std::find(kRefused.begin(), kRefused.end(), word) != kRefused.end()) {
      tokens_.fail_at(line, "the tag '" + word + "' is not supported");
    } else if (word.starts_with("end") || word.starts_with("el")) {
      tokens_.fail_at(line, "'" + word.substr(0, 64) + "' without its beginning");
    } else {
      tokens_.fail_at(line, "unknown tag '" + word.substr(0, 64) + "'");
    }
  }

  void parse_loop_control(int line, bool is_break, Block& block) {
    if (loop_depth_ == 0) tokens_.fail_at(line, "'break' and 'continue' need a loop");
    end_tag();
    if (is_break) {
      block.push_back({line, BreakStmt{}});
    } else {
      block.push_back({line, ContinueStmt{}});
    }
  }

  IfStmt parse_if() {
    IfStmt node;
    do {
      IfStmt::Branch branch;
      branch.condition = expressions_.parse_tuple(false);
      end_tag();
      branch.body = parse_until({"elif", "else", "endif"});
      node.branches.push_back(std::move(branch));
    } while (tokens_.skip_name("elif"));
    if (tokens_.skip_name("else")) {
      end_tag();
      node.otherwise = parse_until({"endif"});
    }
    tokens_.next();
    end_tag();
    return node;
  }

  ForStmt parse_for() {
    ForStmt node;
    node.target = parse_target(false);
    tokens_.expect_name("in");
    node.sequence = expressions_.parse_tuple(false);
    if (tokens_.skip_name("if")) node.condition = expressions_.parse_expression();
    if (tokens_.at_name("recursive")) tokens_.fail("a 'recursive' loop is not supported");
    end_tag();
    ++loop_depth_;
    node.body = parse_until({"else", "endfor"});
    --loop_depth_;
    if (tokens_.skip_name("else")) {
      end_tag();
      node.otherwise = parse_until({"endfor"});
    }
    tokens_.next();
    end_tag();
    return node;
  }

  // A name, `name.attribute` where `with_attribute`, or several of these with commas or
  // parentheses.
  Target parse_target(bool with_attribute) {
    Target first = parse_one_target(with_attribute);
    if (!tokens_.at_operator(",")) return first;
    Target all{.line = first.line};
    all.targets.push_back(std::move(first));
    while (tokens_.skip_operator(",")) {
      if (!tokens_.at(TokenKind::kName) && !tokens_.at_operator("(")) break;
      if (tokens_.at_name("in")) break;
      all.targets.push_back(parse_one_target(with_attribute));
    }
    return all;
  }

  Target parse_one_target(bool with_attribute) {
    const TokenStream::Nesting nesting(tokens_);
    Target target{.line = tokens_.line()};
    if (tokens_.failed()) return target;
    if (tokens_.skip_operator("(")) {
      target = parse_target(with_attribute);
      tokens_.expect_operator(")");
      return target;
    }
    target.name = tokens_.take_name("a name to assign to");
    for (const std::string_view word :
         {"true", "True", "false", "False", "none", "None", "not", "and", "or", "if", "else"}) {
      if (target.name == word)
        tokens_.fail_at(target.line, "cannot assign to '" + target.name + "'");
    }
    if (with_attribute && tokens_.skip_operator(".")) {
      target.attribute = tokens_.take_name("the name of an attribute");
    }
    return target;
  }

  void parse_set(int line, Block& block) {
    Target target = parse_target(true);
    if (tokens_.skip_operator("=")) {
      block.push_back({line, SetStmt{std::move(target), expressions_.parse_tuple(true)}});
      return end_tag();
    }
    if (!target.targets.empty()) return tokens_.fail_expected("'='");
    SetBlockStmt node{.target = std::move(target), .filters = {}, .body = {}};
    if (tokens_.skip_operator("|")) node.filters = expressions_.parse_filter_chain();
    end_tag();
    node.body = parse_body("endset");
    block.push_back({line, std::move(node)});
  }

  std::vector<MacroDefinition::Parameter> parse_parameters() {
    std::vector<MacroDefinition::Parameter> parameters;
    tokens_.expect_operator("(");
    while (!tokens_.failed() && !tokens_.at_operator(")")) {
      MacroDefinition::Parameter parameter{.name = tokens_.take_name("a parameter"),
                                           .fallback = nullptr};
      if (tokens_.skip_operator("=")) {
        parameter.fallback = expressions_.parse_expression();
      } else if (!parameters.empty() && parameters.back().fallback) {
        tokens_.fail("a parameter without a default follows one with a default");
      }
      parameters.push_back(std::move(parameter));
      if (!tokens_.skip_operator(",")) break;
    }
    tokens_.expect_operator(")");
    return parameters;
  }

  // A macro's body is not part of the loop around it.
  Block parse_macro_body(std::string_view end_word) {
    end_tag();
    const int loops = std::exchange(loop_depth_, 0);
    Block body = parse_body(end_word);
    loop_depth_ = loops;
    return body;
  }

  MacroStmt parse_macro() {
    MacroStmt node;
    node.macro.name = tokens_.take_name("the name of a macro");
    node.macro.parameters = parse_parameters();
    node.macro.body = parse_macro_body("endmacro");
    return node;
  }

  CallBlockStmt parse_call_block() {
    CallBlockStmt node;
    node.caller.name = "caller";
    if (tokens_.at_operator("(")) node.caller.parameters = parse_parameters();
    const int line = tokens_.line();
    node.call = expressions_.parse_expression();
    if (node.call && !std::holds_alternative<CallExpr>(node.call->node)) {
      tokens_.fail_at(line, "'call' needs a call of a macro");
    }
    node.caller.body = parse_macro_body("endcall");
    return node;
  }

  FilterBlockStmt parse_filter_block() {
    FilterBlockStmt node;
    node.filters = expressions_.parse_filter_chain();
    end_tag();
    node.body = parse_body("endfilter");
    return node;
  }

  WithStmt parse_with() {
    WithStmt node;
    while (!tokens_.failed() && !tokens_.at(TokenKind::kTagEnd)) {
      if (!node.assignments.empty()) tokens_.expect_operator(",");
      Target target = parse_one_target(false);
      tokens_.expect_operator("=");
      node.assignments.emplace_back(std::move(target), expressions_.parse_expression());
    }
    end_tag();
    node.body = parse_body("endwith");
    return node;
  }

  TokenStream& tokens_;
  ExpressionParser expressions_;
  int loop_depth_ = 0;
};

}  // namespace

Result<Block> parse_template(std::string_view source, std::string_view name) {
  if (source.size() > kMaxSourceBytes) {
    return Status::invalid_argument(std::string(name) +
                                        ":1: template limit: " + std::to_string(source.size()) +
                                        " bytes (at most " + std::to_string(kMaxSourceBytes) + ")",
                                    {}, "template_limit");
  }
  Result<std::vector<Token>> tokens = tokenize(source, name);
  if (!tokens) return tokens.status();
  TokenStream stream(std::move(tokens).value(), name);
  Block block = StatementParser(stream).parse_all();
  if (stream.failed()) return stream.status();
  return block;
}

}  // namespace youtu::jinja
