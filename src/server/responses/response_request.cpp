#include "server/responses/response_request.h"

#include <array>
#include <utility>

#include "base/check.h"
#include "server/format_fields.h"
#include "server/json_fields.h"
#include "server/responses/input_items.h"
#include "server/sampling_fields.h"
#include "server/thinking.h"

namespace youtu::responses {

namespace {

constexpr double kMaxTemperature = 2;
constexpr std::array<std::string_view, 16> kFields = {
    "model",      "input",      "instructions", "previous_response_id",
    "store",      "stream",     "reasoning",    "reasoning_budget_message",
    "text",       "tools",      "tool_choice",  "parallel_tool_calls",
    "truncation", "background", "metadata",     "user"};

// {"effort": "none" | …}.
Status read_reasoning(const Json& body, bool& enable_thinking) {
  const Json* reasoning = find_field(body, "reasoning");
  if (!reasoning) return Status::ok();
  if (!reasoning->is_object()) return wrong_type("reasoning", "an object");
  const Json* effort = find_field(*reasoning, "effort");
  if (!effort) return Status::ok();
  if (!effort->is_string()) return wrong_type("reasoning.effort", "a string");
  enable_thinking = *effort != "none";
  return Status::ok();
}

// A tool is {"type": "function", "name", "description", "parameters"}, without a wrapping.
Status read_tools(const Json& body, std::string_view text, std::vector<Tool>& tools) {
  const Json* list = find_field(body, "tools");
  if (!list) return Status::ok();
  if (!list->is_array()) return wrong_type("tools", "a list of tools");
  RETURN_IF_ERROR(check_tool_count(list->size()));
  const Result<OrderedJson> ordered = parse_ordered_json(text);
  RETURN_IF_ERROR(ordered);
  for (size_t i = 0; i < list->size(); ++i) {
    const std::string name = "tools[" + std::to_string(i) + "]";
    const Json& tool = (*list)[i];
    if (!tool.is_object()) return wrong_type(name, "an object");
    const Json* type = find_field(tool, "type");
    if (!type || *type != "function") {
      return Status::invalid_argument(
          name + ".type must be \"function\": this server runs no tools", name + ".type",
          "unsupported_value");
    }
    const Json* tool_name = find_field(tool, "name");
    RETURN_IF_ERROR(check_tool_name(tool_name ? *tool_name : Json(), name + ".name"));
    const Json* parameters = find_field(tool, "parameters");
    if (parameters && !parameters->is_object()) {
      return wrong_type(name + ".parameters", "a JSON schema");
    }
    OrderedJson function = (*ordered)["tools"][i];
    function.erase("type");
    function.erase("strict");
    RETURN_IF_ERROR(add_tool(function, name + ".name", tools));
  }
  return Status::ok();
}

// {"format": {"type": …}}.
Status read_format(const Json& body, std::string_view text, std::optional<OutputFormat>& format) {
  const Json* options = find_field(body, "text");
  if (!options) return Status::ok();
  if (!options->is_object()) return wrong_type("text", "an object");
  if (!find_field(*options, "format")) return Status::ok();
  const Result<OrderedJson> ordered = parse_ordered_json(text);
  RETURN_IF_ERROR(ordered);
  Result<std::optional<OutputFormat>> read =
      read_format_object((*ordered)["text"]["format"], "text.format");
  RETURN_IF_ERROR(read);
  format = *std::move(read);
  return Status::ok();
}

Status read_truncation(const Json& body, bool& drops_oldest_turns) {
  const Json* truncation = find_field(body, "truncation");
  if (!truncation) return Status::ok();
  if (*truncation != "auto" && *truncation != "disabled") {
    return Status::invalid_argument("truncation must be auto or disabled", "truncation",
                                    "out_of_range");
  }
  drops_oldest_turns = *truncation == "auto";
  return Status::ok();
}

// What this server does not do must not look as if it were done.
Status refuse_unsupported(const Json& body) {
  bool background = false;
  RETURN_IF_ERROR(read_flag(body, "background", background));
  if (background) {
    return Status::invalid_argument("background is not supported", "background",
                                    "unsupported_value");
  }
  return Status::ok();
}

// The answer says it again, and that is all.
Result<OrderedJson> echo_json(const Json& body) {
  const Json* metadata = find_field(body, "metadata");
  if (metadata && !metadata->is_object()) return wrong_type("metadata", "an object");
  RETURN_IF_ERROR(read_text(body, "user"));
  OrderedJson echo;
  for (const std::string name :
       {"instructions", "max_output_tokens", "previous_response_id", "tools", "tool_choice",
        "metadata", "user", "text", "truncation"}) {
    const Json* value = find_field(body, name);
    if (value) echo[name] = OrderedJson::parse(dump_json(*value));
  }
  return echo;
}

}  // namespace

std::vector<std::string_view> response_field_names() {
  std::vector<std::string_view> names = sampling_field_names();
  names.insert(names.end(), kFields.begin(), kFields.end());
  return names;
}

Result<ResponseRequest> parse_response_request(std::string_view text, std::string_view preset) {
  const Result<Json> body = parse_object(text);
  RETURN_IF_ERROR(body);
  ResponseRequest request;
  for (const auto& [field, place] : {std::pair("model", &request.model),
                                     {"instructions", &request.instructions},
                                     {"previous_response_id", &request.previous_response_id}}) {
    Result<std::optional<std::string>> value = read_text(*body, field);
    RETURN_IF_ERROR(value);
    *place = (*std::move(value)).value_or("");
  }
  if (request.model.empty()) {
    return Status::invalid_argument("model is missing", "model", "missing_required_parameter");
  }
  RETURN_IF_ERROR(read_reasoning(*body, request.enable_thinking));
  const SamplingPreset* found =
      find_sampling_preset(preset_with_thinking(preset, request.enable_thinking));
  CHECK(found);
  request.sampling = found->params;
  RETURN_IF_ERROR(read_sampling_fields(*body, kMaxTemperature, request.sampling));
  request.has_max_tokens = has_max_tokens(*body);
  RETURN_IF_ERROR(read_last_words(*body, request.last_words));
  request.enable_thinking = request.enable_thinking && may_think(request.sampling);
  RETURN_IF_ERROR(read_flag(*body, "store", request.store));
  RETURN_IF_ERROR(read_flag(*body, "stream", request.stream));
  RETURN_IF_ERROR(read_truncation(*body, request.drops_oldest_turns));
  RETURN_IF_ERROR(refuse_unsupported(*body));
  const Json* input = find_field(*body, "input");
  if (!input) {
    return Status::invalid_argument("input is missing", "input", "missing_required_parameter");
  }
  RETURN_IF_ERROR(read_input(*input, request.messages));
  RETURN_IF_ERROR(read_tools(*body, text, request.tools));
  RETURN_IF_ERROR(read_tool_choice(*body, {}, request.tools, request.tool_choice));
  RETURN_IF_ERROR(read_format(*body, text, request.output_format));
  RETURN_IF_ERROR(read_flag(*body, "parallel_tool_calls", request.parallel_tool_calls));
  Result<OrderedJson> echo = echo_json(*body);
  RETURN_IF_ERROR(echo);
  request.echo = *std::move(echo);
  request.ignored_fields = unknown_fields(*body, response_field_names());
  return request;
}

}  // namespace youtu::responses
