// The body of POST /v1/chat/completions: OpenAI's fields, vLLM's and Hugging Face's further ones,
// and ours, as one typed and validated value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/parameter_linter.h"
#include "server/scheduling_fields.h"
#include "server/tools.h"
#include "youtu/output_format.h"
#include "youtu/sampling_params.h"
#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu::openai {

inline constexpr int64_t kMaxChoices = 4;

// What stands for the fields that a request does not have.
struct Defaults {
  std::string preset = "recommended";
  bool is_strict = false;  // parameters that are unknown or without effect are refused
};

// What clients of both completion endpoints may say.
struct CommonFields {
  std::string model;
  SamplingParams sampling;      // the preset, then the single fields
  bool has_max_tokens = false;  // else an answer may fill the context
  std::string preset;
  int64_t num_choices = 1;
  bool stream = false;
  bool include_usage = false;  // of a stream, in a chunk of its own
  bool skip_special_tokens = true;
  bool return_token_ids = false;
  bool wants_timings = false;
  std::string sources;  // JSON: where each parameter's value came from; empty if not asked for
  SchedulingFields scheduling;
  std::optional<OutputFormat> output_format;
  std::vector<ParameterWarning> warnings;
};

struct ChatCompletionRequest : CommonFields {
  std::vector<ChatMessage> messages;
  bool enable_thinking = false;
  std::string last_words;  // of a thought that its budget closes
  std::vector<Tool> tools;
  ToolChoice tool_choice;
  bool parallel_tool_calls = true;
};

// The error's param names the field as the client spelled it.
Result<ChatCompletionRequest> parse_chat_completion(std::string_view body,
                                                    const Defaults& defaults);

// All names of fields that such a body may have, but for those without effect.
std::vector<std::string_view> chat_completion_field_names();

}  // namespace youtu::openai
