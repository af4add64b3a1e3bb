#include "server/conversation.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"

namespace youtu {

namespace {

void append(std::vector<ChatMessage>& messages, const std::vector<ChatMessage>& more) {
  messages.insert(messages.end(), more.begin(), more.end());
}

std::vector<ChatMessage> messages_without(const Conversation& conversation, int64_t num_dropped) {
  std::vector<ChatMessage> messages = conversation.head;
  for (size_t i = static_cast<size_t>(num_dropped); i < conversation.turns.size(); ++i) {
    append(messages, conversation.turns[i]);
  }
  append(messages, conversation.question);
  return messages;
}

Result<std::vector<TokenId>> encode(const Tokenizer& tokenizer,
                                    const std::vector<ChatMessage>& messages,
                                    const ChatOptions& options) {
  if (tokenizer.has_chat_template()) return tokenizer.encode_chat(messages, options);
  if (messages.size() == 1 && messages.front().role == "user") {
    return tokenizer.encode_prompt(messages.front().content);
  }
  return Status::invalid_argument("this model has no chat template: it takes a prompt, no messages",
                                  "messages", "no_chat_template");
}

// How many of its turns the prompt of the last turn was without. Nobody wrote it down, but how many
// tokens it had: nothing where no number of turns gives so many, as when it was asked to think.
Result<std::optional<int64_t>> turns_dropped_before(const Tokenizer& tokenizer,
                                                    const Conversation& conversation,
                                                    const PromptRules& rules, int64_t num_dropped) {
  if (!conversation.last_prompt_tokens) return std::optional<int64_t>();
  Conversation before = conversation;
  before.question = std::move(before.turns.back());
  before.turns.pop_back();
  before.question.pop_back();  // its answer
  const auto num_turns = static_cast<int64_t>(before.turns.size());
  for (int64_t dropped = std::min(num_dropped, num_turns); dropped >= 0; --dropped) {
    const auto tokens = encode(tokenizer, messages_without(before, dropped), rules.options);
    RETURN_IF_ERROR(tokens);
    const auto size = static_cast<int64_t>(tokens->size());
    if (size == *conversation.last_prompt_tokens) return std::optional(dropped);
    if (size > *conversation.last_prompt_tokens) break;
  }
  return std::optional<int64_t>();
}

// Sets the window's earlier prompt, if `tokens` is it with something more at one place.
void set_earlier(std::vector<TokenId> tokens, const std::vector<TokenId>& prompt,
                 SlidingWindow& window) {
  if (tokens.size() <= prompt.size()) return;
  const auto dropped = static_cast<ptrdiff_t>(tokens.size() - prompt.size());
  const auto pinned = std::ranges::mismatch(prompt, tokens).in1 - prompt.begin();
  if (!std::equal(prompt.begin() + pinned, prompt.end(), tokens.begin() + pinned + dropped)) return;
  window.num_pinned = pinned;
  window.num_dropped = dropped;
  window.earlier = std::move(tokens);
}

Result<SlidingWindow> make_window(const Tokenizer& tokenizer, const Conversation& conversation,
                                  const PromptRules& rules, const Prompt& prompt) {
  SlidingWindow window = {.conversation = conversation.name};
  const int64_t num_dropped = prompt.history.turns_dropped;
  const auto before = turns_dropped_before(tokenizer, conversation, rules, num_dropped);
  RETURN_IF_ERROR(before);
  if (!*before || **before == num_dropped) return window;
  window.is_earlier_whole = **before == 0;
  auto earlier = encode(tokenizer, messages_without(conversation, **before), rules.options);
  RETURN_IF_ERROR(earlier);
  set_earlier(*std::move(earlier), prompt.tokens, window);
  return window;
}

}  // namespace

Conversation conversation_of_messages(const std::vector<ChatMessage>& messages) {
  Conversation conversation;
  for (size_t i = 0; i < messages.size(); ++i) {
    const ChatMessage& message = messages[i];
    const bool is_head = message.role == "system" && conversation.question.empty();
    if (is_head) {
      conversation.head.push_back(message);
      continue;
    }
    const bool begins_turn = message.role == "user" && i > 0 && messages[i - 1].role != "user";
    if (begins_turn && !conversation.question.empty()) {
      conversation.turns.push_back(std::exchange(conversation.question, {}));
    }
    conversation.question.push_back(message);
  }
  return conversation;
}

Conversation conversation_of_session(const OpenTurn& turn, const std::string& owner,
                                     std::vector<ChatMessage> question) {
  Conversation conversation;
  const Session& session = turn.session();
  conversation.name = owner + "/" + session.id + "@" + std::to_string(session.created_ms);
  if (!session.system.empty()) {
    conversation.head.push_back({.role = "system", .content = session.system});
  }
  for (const Turn& old : turn.history()) {
    std::vector<ChatMessage> messages = old.messages;
    messages.push_back(
        {.role = "assistant", .content = old.answer.text, .tool_calls = old.answer.tool_calls});
    conversation.turns.push_back(std::move(messages));
    conversation.last_prompt_tokens = old.answer.usage.prompt_tokens;
  }
  conversation.question = std::move(question);
  return conversation;
}

Result<Prompt> make_prompt(const Tokenizer& tokenizer, const Conversation& conversation,
                           const PromptRules& rules) {
  Prompt prompt;
  std::optional<int64_t> rendered;  // how many turns prompt.tokens are without
  const auto render = [&](int64_t num_dropped) -> Result<int64_t> {
    if (rendered != num_dropped) {
      Result<std::vector<TokenId>> tokens =
          encode(tokenizer, messages_without(conversation, num_dropped), rules.options);
      RETURN_IF_ERROR(tokens);
      prompt.tokens = *std::move(tokens);
      rendered = num_dropped;
    }
    return static_cast<int64_t>(prompt.tokens.size());
  };
  const auto num_turns = static_cast<int64_t>(conversation.turns.size());
  const Result<int64_t> num_dropped =
      turns_to_drop(rules.history, num_turns, rules.room_tokens, render);
  RETURN_IF_ERROR(num_dropped);
  const Result<int64_t> size = render(*num_dropped);
  RETURN_IF_ERROR(size);
  prompt.history = {rules.history.policy, num_turns - *num_dropped, *num_dropped,
                    rules.window_cache};
  if (rules.window_cache == WindowCache::kRotate && *num_dropped > 0) {
    Result<SlidingWindow> window = make_window(tokenizer, conversation, rules, prompt);
    RETURN_IF_ERROR(window);
    prompt.window = *std::move(window);
  }
  return prompt;
}

}  // namespace youtu
