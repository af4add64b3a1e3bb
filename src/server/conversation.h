// A conversation taken apart into what is pinned, what may be left out, and what is asked now; and
// the prompt that is made of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chat/history.h"
#include "chat/session_store.h"
#include "youtu/generation.h"
#include "youtu/status.h"
#include "youtu/tokenizer.h"
#include "youtu/types.h"

namespace youtu {

struct Conversation {
  // Of a session: no other has it, nor one that gets the id of this one when this is deleted.
  std::string name = {};
  std::vector<ChatMessage> head;                // the system prompt
  std::vector<std::vector<ChatMessage>> turns;  // the oldest first
  std::vector<ChatMessage> question;
  // Of a session that had a turn: how many tokens the prompt of the last one had.
  std::optional<int64_t> last_prompt_tokens = std::nullopt;
};

// Of messages that a client sent: the head is the system messages at the beginning, and a turn
// begins with each message of the user that does not follow another one. REQUIRES: not empty.
Conversation conversation_of_messages(const std::vector<ChatMessage>& messages);
// Of a session, before the open turn.
Conversation conversation_of_session(const OpenTurn& turn, const std::string& owner,
                                     std::vector<ChatMessage> question);

// What the prompt has of the history.
struct HistoryReport {
  HistoryPolicy policy = HistoryPolicy::kError;
  int64_t turns_kept = 0;
  int64_t turns_dropped = 0;
  WindowCache window_cache = WindowCache::kRecompute;
};

struct Prompt {
  std::vector<TokenId> tokens;
  HistoryReport history;
  std::optional<SlidingWindow> window = std::nullopt;  // where turns were left out and it rotates
};

struct PromptRules {
  HistoryRules history;
  WindowCache window_cache = WindowCache::kRecompute;
  int64_t room_tokens = 0;  // what the context leaves when the answer has its share
  ChatOptions options;
};

// Renders the turns that the rules keep. REQUIRES: only a conversation with a name is rotated.
// Fails as the tokenizer does; that a prompt is too long for the engine is for the engine to say.
Result<Prompt> make_prompt(const Tokenizer& tokenizer, const Conversation& conversation,
                           const PromptRules& rules);

}  // namespace youtu
