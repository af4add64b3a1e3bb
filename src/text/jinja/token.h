// The words of a template.
#pragma once

#include <cstdint>
#include <string>

namespace youtu::jinja {

enum class TokenKind {
  kData,         // text between tags, as it is to be printed
  kOutputBegin,  // {{
  kOutputEnd,
  kTagBegin,  // {%
  kTagEnd,
  kName,
  kString,  // `text` without quotes and escapes
  kInteger,
  kFloat,
  kOperator,  // `text` is its spelling
  kEnd,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  int line = 1;
  std::string text = {};
  int64_t integer = 0;
  double number = 0;
};

}  // namespace youtu::jinja
