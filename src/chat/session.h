// What a session is: a conversation that the server keeps, turn by turn.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/history.h"
#include "youtu/types.h"

namespace youtu {

// 1 to 64 of A-Z a-z 0-9 . _ -, beginning with a letter or a digit. Such an id is the same in a
// path, in JSON and in a log, and "." and ".." are none.
bool is_session_id(std::string_view id);
std::string make_session_id();

// Whose session it is. The same id of two owners is two sessions.
struct SessionKey {
  std::string owner;  // empty: of everybody who may use the server
  std::string id;
};

struct NewSession {
  std::string id;  // empty: one is made
  std::string title;
  std::string system;  // the system prompt, pinned before all turns; empty: none
  HistoryRules history;
};

struct Session {
  std::string id;
  std::string title;
  std::string system;
  HistoryRules history;
  int64_t created_ms = 0;  // by the wall clock, since 1970
  int64_t used_ms = 0;     // the same, of the last turn
  int64_t num_turns = 0;   // kept
  int64_t next_turn = 1;   // the number that the next turn gets
  int64_t num_bytes = 0;   // of its texts
};

struct TurnAnswer {
  std::string text;           // without what the model thought
  std::string finish_reason;  // "stop" or "length"
  Usage usage;
  std::vector<ToolCall> tool_calls = {};  // what it asked for, after its text
};

// What was said and what was answered. Turns are kept whole or not at all.
struct Turn {
  int64_t number = 0;                 // from 1, without gaps but at the beginning
  std::vector<ChatMessage> messages;  // what was said since the turn before
  TurnAnswer answer;
  int64_t created_ms = 0;
};

}  // namespace youtu
