// The parser's place in the tokens, and its first error. As in an Execution the error is sticky:
// after it the stream is at its end, so every parsing loop stops by itself.
#pragma once

#include "text/jinja/limits.h"
#include "text/jinja/token.h"
#include "youtu/status.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace youtu::jinja {

class TokenStream {
 public:
  // The last token is kEnd.
  TokenStream(std::vector<Token> tokens, std::string_view name)
      : tokens_(std::move(tokens)), name_(name) {}

  const Token& current() const { return tokens_[position_]; }
  const Token& ahead() const {
    return tokens_[position_ + 1 < tokens_.size() ? position_ + 1 : position_];
  }
  int line() const { return current().line; }
  Token next() {
    Token token = current();
    if (position_ + 1 < tokens_.size()) ++position_;
    return token;
  }

  bool at(TokenKind kind) const { return current().kind == kind; }
  bool at_name(std::string_view name) const {
    return at(TokenKind::kName) && current().text == name;
  }
  bool at_operator(std::string_view spelling) const {
    return at(TokenKind::kOperator) && current().text == spelling;
  }
  bool skip_name(std::string_view name) { return skip_if(at_name(name)); }
  bool skip_operator(std::string_view spelling) { return skip_if(at_operator(spelling)); }
  void expect_operator(std::string_view spelling) {
    if (!skip_operator(spelling)) fail_expected("'" + std::string(spelling) + "'");
  }
  void expect_name(std::string_view name) {
    if (!skip_name(name)) fail_expected("'" + std::string(name) + "'");
  }
  void expect(TokenKind kind, std::string_view what) {
    if (!skip_if(at(kind))) fail_expected(what);
  }
  std::string take_name(std::string_view what) {
    if (at(TokenKind::kName)) return next().text;
    fail_expected(what);
    return {};
  }

  void fail_at(int line, std::string_view what) {
    if (failed()) return;
    status_ = Status::invalid_argument(
        name_ + ":" + std::to_string(line) + ": " + std::string(what), {}, "template_syntax");
    position_ = tokens_.size() - 1;
  }
  void fail(std::string_view what) { fail_at(line(), what); }
  void fail_expected(std::string_view what) {
    fail("expected " + std::string(what) + ", found " + describe_current());
  }
  bool failed() const { return !status_.is_ok(); }
  const Status& status() const { return status_; }

  // Recursion of the parser. Hold one of these in every function that can contain itself.
  class Nesting {
   public:
    explicit Nesting(TokenStream& tokens) : tokens_(tokens) {
      if (++tokens_.depth_ > kMaxSyntaxDepth) tokens_.fail_too_deep();
    }
    ~Nesting() { --tokens_.depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    TokenStream& tokens_;
  };
  void fail_too_deep() {
    fail("nested deeper than " + std::to_string(kMaxSyntaxDepth) + " levels");
  }

 private:
  bool skip_if(bool matches) {
    if (matches) next();
    return matches;
  }
  std::string describe_current() const {
    switch (current().kind) {
      case TokenKind::kData:
        return "text";
      case TokenKind::kOutputBegin:
        return "'{{'";
      case TokenKind::kOutputEnd:
        return "'}}'";
      case TokenKind::kTagBegin:
        return "'{%'";
      case TokenKind::kTagEnd:
        return "'%}'";
      case TokenKind::kString:
        return "a string";
      case TokenKind::kInteger:
      case TokenKind::kFloat:
        return "a number";
      case TokenKind::kName:
      case TokenKind::kOperator:
        return "'" + current().text.substr(0, 64) + "'";
      case TokenKind::kEnd:
        return "the end of the template";
    }
    return {};
  }

  std::vector<Token> tokens_;
  size_t position_ = 0;
  std::string name_;
  int depth_ = 0;
  Status status_;
};

}  // namespace youtu::jinja
