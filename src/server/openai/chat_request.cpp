#include "server/openai/chat_request.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "server/json_fields.h"
#include "server/message_fields.h"
#include "server/openai/request_fields.h"
#include "server/openai/tool_fields.h"
#include "server/thinking.h"

namespace youtu::openai {

namespace {

constexpr std::array<std::string_view, 9> kFields = {"messages",
                                                     "top_logprobs",
                                                     "enable_thinking",
                                                     "chat_template_kwargs",
                                                     "reasoning_effort",
                                                     "reasoning_budget_message",
                                                     "tools",
                                                     "tool_choice",
                                                     "parallel_tool_calls"};
constexpr std::array<std::string_view, 7> kEfforts = {"none", "minimal", "low", "medium",
                                                      "high", "xhigh",   "auto"};

// logprobs is a switch here, and top_logprobs says how many of the likeliest.
Status read_logprobs(const Json& body, SamplingParams& sampling) {
  bool logprobs = false;
  RETURN_IF_ERROR(read_flag(body, "logprobs", logprobs));
  const Result<std::optional<int64_t>> top = read_count(body, "top_logprobs", kMaxTopLogprobs);
  RETURN_IF_ERROR(top);
  if (*top && !logprobs) {
    return Status::invalid_argument("top_logprobs needs logprobs: true", "top_logprobs",
                                    "invalid_value");
  }
  if (logprobs) sampling.top_logprobs = static_cast<int32_t>(top->value_or(0));
  return Status::ok();
}

// vLLM's and SGLang's way to say enable_thinking.
Status read_template_arguments(const Json& body, std::optional<bool>& thinking) {
  const Json* arguments = find_field(body, "chat_template_kwargs");
  if (!arguments) return Status::ok();
  if (!arguments->is_object()) return wrong_type("chat_template_kwargs", "an object");
  for (const auto& [name, value] : arguments->items()) {
    const std::string param = "chat_template_kwargs." + name.substr(0, 64);
    if (name != "enable_thinking" && name != "thinking") {
      return Status::invalid_argument("chat_template_kwargs may have enable_thinking only",
                                      "chat_template_kwargs", "unknown_parameter");
    }
    if (!value.is_boolean()) return wrong_type(param, "true or false");
    thinking = value.get<bool>();
  }
  return Status::ok();
}

Status read_thinking(const Json& body, bool& enable_thinking) {
  std::optional<bool> thinking;
  const Result<std::optional<std::string>> effort = read_text(body, "reasoning_effort");
  RETURN_IF_ERROR(effort);
  if (*effort) {
    if (std::find(kEfforts.begin(), kEfforts.end(), **effort) == kEfforts.end()) {
      return Status::invalid_argument(
          "reasoning_effort must be none, minimal, low, medium or high (none: no thinking; the "
          "others are one and the same)",
          "reasoning_effort", "out_of_range");
    }
    thinking = **effort != "none";
  }
  RETURN_IF_ERROR(read_template_arguments(body, thinking));
  enable_thinking = thinking.value_or(false);
  return read_flag(body, "enable_thinking", enable_thinking);
}

// OpenAI's prediction is an object; ours a text.
Result<Json> with_plain_prediction(const Json& body) {
  const Json* prediction = find_field(body, "prediction");
  if (!prediction || prediction->is_string()) return body;
  if (!prediction->is_object()) return wrong_type("prediction", "an object with content");
  const Json* content = find_field(*prediction, "content");
  if (!content) {
    return Status::invalid_argument("prediction.content is missing", "prediction.content",
                                    "missing");
  }
  Result<std::string> text = read_content(*content, "prediction.content");
  RETURN_IF_ERROR(text);
  Json plain = body;
  plain["prediction"] = *std::move(text);
  return plain;
}

Status read_conversation(const Json& body, std::vector<ChatMessage>& messages) {
  const Json* list = find_field(body, "messages");
  if (!list) {
    return Status::invalid_argument("messages is missing", "messages",
                                    "missing_required_parameter");
  }
  return read_messages(*list, messages);
}

Status lint(const Json& body, const Defaults& defaults, ChatCompletionRequest& request) {
  const std::vector<std::string_view> known = chat_completion_field_names();
  const std::vector<std::string_view> unused = unused_field_names();
  ParameterContext context;
  context.known_fields = known;
  context.unused_fields = unused;
  context.has_format = !request.tools.empty() || request.output_format.has_value();
  context.enable_thinking = request.enable_thinking;
  context.has_max_tokens = request.has_max_tokens;
  context.is_strict = defaults.is_strict;
  Result<std::vector<ParameterWarning>> warnings = lint_parameters(body, request.sampling, context);
  RETURN_IF_ERROR(warnings);
  request.warnings = *std::move(warnings);
  return Status::ok();
}

}  // namespace

std::vector<std::string_view> chat_completion_field_names() {
  std::vector<std::string_view> names = common_field_names();
  names.insert(names.end(), kFields.begin(), kFields.end());
  return names;
}

Result<ChatCompletionRequest> parse_chat_completion(std::string_view text,
                                                    const Defaults& defaults) {
  const Result<Json> parsed = parse_object(text);
  RETURN_IF_ERROR(parsed);
  const Result<Json> body = with_plain_prediction(*parsed);
  RETURN_IF_ERROR(body);
  ChatCompletionRequest request;
  RETURN_IF_ERROR(read_thinking(*body, request.enable_thinking));
  const std::string_view preset = preset_with_thinking(defaults.preset, request.enable_thinking);
  RETURN_IF_ERROR(read_common_fields(*body, text, preset, request));
  RETURN_IF_ERROR(read_last_words(*body, request.last_words));
  request.enable_thinking = request.enable_thinking && may_think(request.sampling);
  RETURN_IF_ERROR(read_conversation(*body, request.messages));
  RETURN_IF_ERROR(read_logprobs(*body, request.sampling));
  RETURN_IF_ERROR(read_tools(*body, text, request));
  RETURN_IF_ERROR(lint(*body, defaults, request));
  return request;
}

}  // namespace youtu::openai
