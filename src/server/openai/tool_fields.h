// The tools that a chat completion may call.
#pragma once

#include <string_view>

#include "base/json.h"
#include "server/openai/chat_request.h"
#include "youtu/status.h"

namespace youtu::openai {

// Sets tools, tool_choice and parallel_tool_calls. `text` is the body once more: the order of a
// definition's keys is what the model sees, and a parsed body has lost it.
Status read_tools(const Json& body, std::string_view text, ChatCompletionRequest& request);

}  // namespace youtu::openai
