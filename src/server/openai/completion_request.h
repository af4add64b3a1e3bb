// The body of POST /v1/completions: free prompts, no conversation.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/openai/chat_request.h"
#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu::openai {

inline constexpr size_t kMaxPrompts = 16;
inline constexpr int32_t kMaxCompletionLogprobs = 5;

// A text, or the tokens themselves.
using CompletionPrompt = std::variant<std::string, std::vector<TokenId>>;

struct CompletionRequest : CommonFields {
  std::vector<CompletionPrompt> prompts;  // 1 to kMaxPrompts
  bool echo = false;                      // the prompt stands before its completion
};

Result<CompletionRequest> parse_completion(std::string_view body, const Defaults& defaults);

// All names of fields that such a body may have, but for those without effect.
std::vector<std::string_view> completion_field_names();

}  // namespace youtu::openai
