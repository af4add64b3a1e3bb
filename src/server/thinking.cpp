#include "server/thinking.h"

#include <algorithm>
#include <optional>
#include <string>

namespace youtu {

namespace {

// Enough tokens to see whether a prompt ends with a tag and line breaks.
constexpr size_t kPromptTailTokens = 8;

}  // namespace

// Without a template the end of the prompt is the user's text, which opens nothing.
bool ends_in_open_thinking(const Tokenizer& tokenizer, std::span<const TokenId> prompt) {
  if (!tokenizer.has_chat_template()) return false;
  const size_t tail = std::min(prompt.size(), kPromptTailTokens);
  std::string text = tokenizer.decode(prompt.subspan(prompt.size() - tail), /*skip_control=*/false);
  text.erase(text.find_last_not_of(" \r\n") + 1);
  return text.ends_with("<think>");
}

ThoughtRules thought_rules(const Tokenizer& tokenizer, std::span<const TokenId> prompt) {
  ThoughtRules rules;
  rules.is_open = ends_in_open_thinking(tokenizer, prompt);
  return rules;
}

bool thinking_tags_are_control(const Tokenizer& tokenizer) {
  const std::optional<TokenId> tag = tokenizer.find_token("</think>");
  return tag && tokenizer.is_control(*tag);
}

}  // namespace youtu
