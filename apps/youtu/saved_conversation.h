// A conversation in a file: JSON, with its messages in the form of the OpenAI API, so that other
// programs can use them.
#pragma once

#include <string>
#include <vector>

#include "sampling_flags.h"
#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu {

struct SavedConversation {
  std::vector<ChatMessage> messages;  // of roles system, user and assistant
  SamplingFlags sampling;
};

// Only the owner can read the file. Without `replaces` a file that is there is an error.
Status save_conversation(const SavedConversation& conversation, const std::string& path,
                         bool replaces);
// Errors name the file and what is wrong in it.
Result<SavedConversation> load_conversation(const std::string& path);

}  // namespace youtu
