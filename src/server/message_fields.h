// The messages of a conversation as clients of OpenAI's API send them: texts or lists of text
// parts, calls of tools and their results.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu {

inline constexpr size_t kMaxMessages = 1024;
inline constexpr size_t kMaxToolCalls = 128;  // of one message

// A text, or a list of parts of type "text". `name` is the field's for errors.
Result<std::string> read_content(const Json& content, const std::string& name);

// The roles are system, developer (the same), user, assistant, tool, and function (an old tool).
Status read_messages(const Json& list, std::vector<ChatMessage>& messages);

}  // namespace youtu
