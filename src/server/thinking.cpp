#include "server/thinking.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "server/json_fields.h"

namespace youtu {

namespace {

// Enough tokens to see whether a prompt ends with a tag and line breaks.
constexpr size_t kPromptTailTokens = 8;

// Some templates open the thinking themselves, at the end of the prompt. Without a template that is
// the user's text, which opens nothing.
bool ends_in_open_thinking(const Tokenizer& tokenizer, std::span<const TokenId> prompt) {
  if (!tokenizer.has_chat_template()) return false;
  const size_t tail = std::min(prompt.size(), kPromptTailTokens);
  std::string text = tokenizer.decode(prompt.subspan(prompt.size() - tail), /*skip_control=*/false);
  text.erase(text.find_last_not_of(" \r\n") + 1);
  return text.ends_with("<think>");
}

}  // namespace

ThoughtRules thought_rules(const Tokenizer& tokenizer, std::span<const TokenId> prompt,
                           std::string last_words) {
  ThoughtRules rules;
  rules.is_open = ends_in_open_thinking(tokenizer, prompt);
  rules.last_words = std::move(last_words);
  return rules;
}

Status read_last_words(const Json& body, std::string& last_words) {
  Result<std::optional<std::string>> text = read_text(body, "reasoning_budget_message");
  RETURN_IF_ERROR(text);
  last_words = (*std::move(text)).value_or("");
  if (last_words.size() <= kMaxLastWordsBytes) return Status::ok();
  return Status::invalid_argument("reasoning_budget_message has " +
                                      std::to_string(last_words.size()) + " bytes (at most " +
                                      std::to_string(kMaxLastWordsBytes) + ")",
                                  "reasoning_budget_message", "out_of_range");
}

bool thinking_tags_are_control(const Tokenizer& tokenizer) {
  const std::optional<TokenId> tag = tokenizer.find_token("</think>");
  return tag && tokenizer.is_control(*tag);
}

}  // namespace youtu
