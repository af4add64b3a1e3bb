// Messages and tools as the values that templates see. All of their text is untrusted.
#pragma once

#include <span>
#include <string>

#include "text/jinja/execution.h"
#include "youtu/tokenizer.h"
#include "youtu/types.h"

namespace youtu::jinja {

// Text of a conversation, for the limits of a rendering.
size_t conversation_bytes(std::span<const ChatMessage> messages,
                          std::span<const std::string> tools);

// Each message is a dict of "role" and "content", and of "tool_calls" and "tool_call_id" where it
// has them. The arguments of a call are a dict if they are a JSON object, else the text as it is.
Value message_list(Execution& execution, std::span<const ChatMessage> messages);

// Each tool is the JSON value that its text says. Fails the execution if it says none.
Value tool_list(Execution& execution, std::span<const std::string> tools);

}  // namespace youtu::jinja
