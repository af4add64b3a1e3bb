// The body of Anthropic's POST /v1/messages and /v1/messages/count_tokens.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/parameter_linter.h"
#include "server/tools.h"
#include "youtu/sampling_params.h"
#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu::anthropic {

struct MessageRequest {
  std::string model;
  std::vector<ChatMessage> messages;  // the system prompt first
  SamplingParams sampling;
  bool enable_thinking = false;
  bool stream = false;
  std::vector<Tool> tools;
  ToolChoice tool_choice;
  bool may_call_several = true;
  std::vector<std::string> ignored_fields;
};

// All names of fields that such a body may have.
std::span<const std::string_view> message_field_names();

// `preset` gives what the request does not say. With `needs_length` max_tokens is required, as it
// is for messages and not for counting.
Result<MessageRequest> parse_message_request(std::string_view body, std::string_view preset,
                                             bool needs_length);

}  // namespace youtu::anthropic
