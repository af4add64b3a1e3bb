// The nouns that everybody uses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace youtu {

using TokenId = int32_t;
using RequestId = uint64_t;

// Why a request ended.
enum class FinishReason {
  kNone,           // it has not ended
  kEndOfSequence,  // the model produced an end token
  kStopString,     // a stop string of the request appeared
  kRepetition,     // the completion went round in a loop
  kLength,         // max_new_tokens or the context length is reached
  kCancelled,      // the client went away or cancelled
  kError,          // see the event's status
};

// "stop" (also for kRepetition), "length", "cancelled", "error"; kNone is "".
std::string_view to_string(FinishReason reason);

struct Usage {
  int64_t prompt_tokens = 0;
  int64_t completion_tokens = 0;
  int64_t cached_tokens = 0;   // of prompt_tokens, those found in the prefix cache
  int64_t rotated_tokens = 0;  // of these, those that were moved to new positions for this request
  int64_t reasoning_tokens = 0;  // of completion_tokens, those of the thought between its tags
};

// A pattern of `period` tokens that stands `count` times in a row at the end of a completion.
struct Repetition {
  int32_t period = 0;
  int64_t count = 0;
  bool operator==(const Repetition&) const = default;
};

struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;  // JSON text
};

struct ChatMessage {
  std::string role;     // "system", "user", "assistant", "tool"
  std::string content;  // UTF-8
  std::vector<ToolCall> tool_calls = {};
  std::string tool_call_id = {};
};

}  // namespace youtu
