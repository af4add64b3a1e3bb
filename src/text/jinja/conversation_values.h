// Messages and tools as the values that templates see. All of their text is untrusted.
#pragma once

#include "text/jinja/execution.h"
#include "youtu/tokenizer.h"
#include "youtu/types.h"

#include <span>
#include <string>

namespace youtu::jinja {

// Text of a conversation, for the limits of a rendering.
size_t conversation_bytes(std::span<const ChatMessage> messages,
                          std::span<const std::string> tools);

// How a template sees the arguments of a tool call that are a JSON object.
enum class ArgumentForm { kDict, kText };

// Each message is a dict of "role" and "content", and of "tool_calls" and "tool_call_id" where it
// has them. Arguments that are no JSON object are always text.
Value message_list(Execution& execution, std::span<const ChatMessage> messages, ArgumentForm form);

// Each tool is the JSON value that its text says. Fails the execution if it says none.
Value tool_list(Execution& execution, std::span<const std::string> tools);

}  // namespace youtu::jinja
