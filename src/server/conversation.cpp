#include "server/conversation.h"

#include <optional>
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

Conversation conversation_of_session(const OpenTurn& turn, std::vector<ChatMessage> question) {
  Conversation conversation;
  if (!turn.session().system.empty()) {
    conversation.head.push_back({.role = "system", .content = turn.session().system});
  }
  for (const Turn& old : turn.history()) {
    std::vector<ChatMessage> messages = old.messages;
    messages.push_back(
        {.role = "assistant", .content = old.answer.text, .tool_calls = old.answer.tool_calls});
    conversation.turns.push_back(std::move(messages));
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
  prompt.history = {rules.history.policy, num_turns - *num_dropped, *num_dropped};
  return prompt;
}

}  // namespace youtu
