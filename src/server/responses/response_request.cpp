#include "server/responses/response_request.h"

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

Status read_sampling(const Json& body, ResponseRequest& request) {
  Json fields = Json::object();
  for (const auto& [name, value] : body.items()) {
    if (is_sampling_field(name)) fields[name] = value;
  }
  fields.erase("max_tokens");
  if (const Json* length = find_field(body, "max_output_tokens")) {
    fields["max_tokens"] = *length;
    request.has_max_tokens = true;
  }
  const Status status = read_sampling_fields(fields, request.sampling);
  if (!status && status.param() == "max_tokens") {
    return {status.code(), "max_output_tokens: " + status.message(), "max_output_tokens",
            status.reason()};
  }
  RETURN_IF_ERROR(status);
  if (request.sampling.temperature > kMaxTemperature) {
    return Status::invalid_argument("temperature is out of range (0 to 2)", "temperature",
                                    "out_of_range");
  }
  return Status::ok();
}

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

Status read_tool_choice(const Json& body, const std::vector<Tool>& tools, ToolChoice& choice) {
  choice.kind = tools.empty() ? ToolChoice::Kind::kNone : ToolChoice::Kind::kAuto;
  const Json* value = find_field(body, "tool_choice");
  if (!value) return Status::ok();
  if (*value == "none") {
    choice.kind = ToolChoice::Kind::kNone;
    return Status::ok();
  }
  if (*value == "auto") return Status::ok();
  if (tools.empty()) {
    return Status::invalid_argument("tool_choice needs tools", "tool_choice", "invalid_value");
  }
  if (*value == "required") {
    choice.kind = ToolChoice::Kind::kRequired;
    return Status::ok();
  }
  const Json* name = value->is_object() ? find_field(*value, "name") : nullptr;
  if (!name || !name->is_string()) {
    return wrong_type("tool_choice", "\"auto\", \"none\", \"required\" or a function's name");
  }
  choice.kind = ToolChoice::Kind::kNamed;
  choice.name = name->get<std::string>();
  if (find_tool(tools, choice.name)) return Status::ok();
  return Status::invalid_argument("tool_choice names a function that is not among the tools",
                                  "tool_choice", "invalid_value");
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

OrderedJson echo_json(const Json& body) {
  OrderedJson echo;
  for (const std::string name : {"instructions", "max_output_tokens", "previous_response_id",
                                 "tools", "tool_choice", "metadata", "user", "text",
                                 "truncation"}) {
    const Json* value = find_field(body, name);
    if (value) echo[name] = OrderedJson::parse(dump_json(*value));
  }
  return echo;
}

}  // namespace

Result<ResponseRequest> parse_response_request(std::string_view text, std::string_view preset) {
  const Result<Json> body = parse_json(text);
  if (!body) return body.status().with_prefix("the body is not valid JSON: ");
  if (!body->is_object()) {
    return Status::invalid_argument("the body must be a JSON object", {}, "type");
  }
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
  const bool is_recommended = preset == "recommended" && request.enable_thinking;
  const SamplingPreset* found =
      find_sampling_preset(is_recommended ? "recommended_thinking" : preset);
  CHECK(found);
  request.sampling = found->params;
  RETURN_IF_ERROR(read_sampling(*body, request));
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
  RETURN_IF_ERROR(read_tool_choice(*body, request.tools, request.tool_choice));
  RETURN_IF_ERROR(read_format(*body, text, request.output_format));
  RETURN_IF_ERROR(read_flag(*body, "parallel_tool_calls", request.parallel_tool_calls));
  request.echo = echo_json(*body);
  return request;
}

}  // namespace youtu::responses
