// The messages of Anthropic's API: texts, or lists of blocks, in which calls of tools and their
// results lie beside the text.
#pragma once

#include <vector>

#include "base/json.h"
#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu::anthropic {

// Appends what the list says. The results of tools become messages of their own, before the text
// that came with them. Thoughts of earlier answers are left out, as the model's template does.
Status read_messages(const Json& list, std::vector<ChatMessage>& messages);

}  // namespace youtu::anthropic
