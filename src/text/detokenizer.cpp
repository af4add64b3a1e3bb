#include "text/detokenizer.h"

#include "base/utf8.h"

#include <utility>

namespace youtu {

std::string Detokenizer::append(TokenId token) {
  if (skip_control_ && tokenizer_.is_control(token)) return {};
  pending_ += tokenizer_.token_bytes(token);
  const size_t whole = pending_.size() - incomplete_utf8_tail(pending_);
  std::string text = replace_invalid_utf8(std::string_view(pending_).substr(0, whole));
  pending_.erase(0, whole);
  return text;
}

std::string Detokenizer::finish() {
  return replace_invalid_utf8(std::exchange(pending_, std::string()));
}

}  // namespace youtu
