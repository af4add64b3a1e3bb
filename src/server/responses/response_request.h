// The body of OpenAI's POST /v1/responses.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "server/tools.h"
#include "youtu/output_format.h"
#include "youtu/sampling_params.h"
#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu::responses {

struct ResponseRequest {
  std::string model;
  std::string instructions;           // stands before everything, in this answer only
  std::vector<ChatMessage> messages;  // the input
  std::string previous_response_id;   // empty: a new conversation
  bool store = true;
  bool stream = false;
  SamplingParams sampling;
  bool has_max_tokens = false;
  bool enable_thinking = false;
  std::string last_words;  // of a thought that its budget closes
  std::vector<Tool> tools;
  ToolChoice tool_choice;
  bool parallel_tool_calls = true;
  bool drops_oldest_turns = false;  // truncation: "auto"
  std::optional<OutputFormat> output_format;
  std::vector<std::string> ignored_fields;
  OrderedJson echo;  // what the answer says again: instructions, tools, metadata, …
};

// All names of fields that such a body may have.
std::vector<std::string_view> response_field_names();

// `preset` gives what the request does not say.
Result<ResponseRequest> parse_response_request(std::string_view body, std::string_view preset);

}  // namespace youtu::responses
