// The input of the responses API: a text, or items, of which messages are one kind.
#pragma once

#include <vector>

#include "base/json.h"
#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu::responses {

// Items are messages, function_call, function_call_output, and reasoning, which is passed over as
// the model's template does.
Status read_input(const Json& input, std::vector<ChatMessage>& messages);

}  // namespace youtu::responses
