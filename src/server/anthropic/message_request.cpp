#include "server/anthropic/message_request.h"

#include <array>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/json.h"
#include "server/anthropic/content_blocks.h"
#include "server/json_fields.h"
#include "server/message_fields.h"
#include "server/sampling_fields.h"
#include "server/thinking.h"

namespace youtu::anthropic {

namespace {

constexpr double kMaxTemperature = 1;  // Anthropic's
constexpr std::array<std::string_view, 13> kFields = {
    "model",  "messages", "system", "temperature", "top_p",          "top_k",   "max_tokens",
    "stream", "thinking", "tools",  "tool_choice", "stop_sequences", "metadata"};

Status read_model(const Json& body, std::string& model) {
  Result<std::optional<std::string>> name = read_text(body, "model");
  RETURN_IF_ERROR(name);
  if (!*name) return Status::invalid_argument("model is missing", "model", "missing");
  model = **std::move(name);
  return Status::ok();
}

// temperature, top_p, top_k and max_tokens are called as here; stop_sequences and the budget of
// thinking are not. REQUIRES: read_thinking() was ok.
Status read_sampling(const Json& body, bool needs_length, SamplingParams& sampling) {
  if (needs_length && !find_field(body, "max_tokens")) {
    return Status::invalid_argument("max_tokens is missing", "max_tokens", "missing");
  }
  Json fields = Json::object();
  for (const std::string name : {"temperature", "top_p", "top_k", "max_tokens"}) {
    if (const Json* value = find_field(body, name)) fields[name] = *value;
  }
  if (const Json* stop = find_field(body, "stop_sequences")) {
    if (!stop->is_array()) return wrong_type("stop_sequences", "a list of strings");
    fields["stop"] = *stop;
  }
  const Json* thinking = find_field(body, "thinking");
  if (const Json* budget = thinking ? find_field(*thinking, "budget_tokens") : nullptr) {
    fields["thinking_token_budget"] = *budget;
  }
  const Status status = read_sampling_fields(fields, kMaxTemperature, sampling);
  for (const auto& [ours, theirs] :
       {std::pair("stop", "stop_sequences"), {"thinking_token_budget", "thinking.budget_tokens"}}) {
    if (status || status.param() != ours) continue;
    return {status.code(), theirs + (": " + status.message()), theirs, status.reason()};
  }
  return status;
}

Status read_thinking(const Json& body, bool& enable_thinking) {
  const Json* thinking = find_field(body, "thinking");
  if (!thinking) return Status::ok();
  const Json* type = thinking->is_object() ? find_field(*thinking, "type") : nullptr;
  if (!type || !type->is_string()) return wrong_type("thinking", "an object with type");
  if (*type != "enabled" && *type != "disabled" && *type != "adaptive") {
    return Status::invalid_argument("thinking.type must be enabled, disabled or adaptive",
                                    "thinking.type", "out_of_range");
  }
  enable_thinking = *type != "disabled";
  return Status::ok();
}

Status read_system(const Json& body, std::vector<ChatMessage>& messages) {
  const Json* system = find_field(body, "system");
  if (!system) return Status::ok();
  Result<std::string> text = read_content(*system, "system");
  RETURN_IF_ERROR(text);
  messages.push_back({.role = "system", .content = *std::move(text)});
  return Status::ok();
}

// {"name", "description", "input_schema"} in OpenAI's form, which the model's template knows.
Result<OrderedJson> read_tool(const OrderedJson& json, const std::string& name) {
  if (!json.is_object()) return wrong_type(name, "an object");
  if (json.contains("type") && json["type"] != "custom") {
    return Status::invalid_argument(name + ".type must be \"custom\": this server runs no tools",
                                    name + ".type", "unsupported_value");
  }
  const auto tool_name = json.find("name");
  RETURN_IF_ERROR(check_tool_name(tool_name == json.end() || !tool_name->is_string()
                                      ? Json()
                                      : Json(tool_name->get<std::string>()),
                                  name + ".name"));
  const auto schema = json.find("input_schema");
  if (schema == json.end() || !schema->is_object()) {
    return wrong_type(name + ".input_schema", "a JSON schema");
  }
  OrderedJson function;
  function["name"] = *tool_name;
  const auto description = json.find("description");
  if (description != json.end() && description->is_string()) {
    function["description"] = *description;
  }
  function["parameters"] = *schema;
  return function;
}

Status read_tools(const Json& body, std::string_view text, std::vector<Tool>& tools) {
  const Json* list = find_field(body, "tools");
  if (!list) return Status::ok();
  if (!list->is_array()) return wrong_type("tools", "a list of tools");
  RETURN_IF_ERROR(check_tool_count(list->size()));
  const Result<OrderedJson> ordered = parse_ordered_json(text);
  RETURN_IF_ERROR(ordered);
  for (size_t i = 0; i < list->size(); ++i) {
    const std::string name = "tools[" + std::to_string(i) + "]";
    const Result<OrderedJson> function = read_tool((*ordered)["tools"][i], name);
    RETURN_IF_ERROR(function);
    RETURN_IF_ERROR(add_tool(*function, name + ".name", tools));
  }
  return Status::ok();
}

Status read_tool_choice(const Json& body, const std::vector<Tool>& tools, ToolChoice& choice) {
  choice.kind = tools.empty() ? ToolChoice::Kind::kNone : ToolChoice::Kind::kAuto;
  const Json* value = find_field(body, "tool_choice");
  if (!value) return Status::ok();
  const Json* type = value->is_object() ? find_field(*value, "type") : nullptr;
  if (!type || !type->is_string()) return wrong_type("tool_choice", "an object with type");
  if (*type == "none") {
    choice.kind = ToolChoice::Kind::kNone;
    return Status::ok();
  }
  if (tools.empty()) {
    return Status::invalid_argument("tool_choice needs tools", "tool_choice", "invalid_value");
  }
  if (*type == "auto") return Status::ok();
  if (*type == "any") {
    choice.kind = ToolChoice::Kind::kRequired;
    return Status::ok();
  }
  const Json* name = *type == "tool" ? find_field(*value, "name") : nullptr;
  if (!name || !name->is_string()) {
    return wrong_type("tool_choice.type", "auto, any, none, or tool with a name");
  }
  return choose_tool(name->get<std::string>(), tools, choice);
}

// Stands inside tool_choice here.
Status read_parallel_use(const Json& body, bool& may_call_several) {
  const Json* choice = find_field(body, "tool_choice");
  const Json* disable =
      choice && choice->is_object() ? find_field(*choice, "disable_parallel_tool_use") : nullptr;
  if (!disable) return Status::ok();
  if (!disable->is_boolean()) {
    return wrong_type("tool_choice.disable_parallel_tool_use", "true or false");
  }
  may_call_several = !disable->get<bool>();
  return Status::ok();
}

}  // namespace

std::span<const std::string_view> message_field_names() {
  return kFields;
}

Result<MessageRequest> parse_message_request(std::string_view text, std::string_view preset,
                                             bool needs_length) {
  const Result<Json> body = parse_object(text);
  RETURN_IF_ERROR(body);
  MessageRequest request;
  RETURN_IF_ERROR(read_model(*body, request.model));
  RETURN_IF_ERROR(read_thinking(*body, request.enable_thinking));
  const SamplingPreset* found =
      find_sampling_preset(preset_with_thinking(preset, request.enable_thinking));
  CHECK(found);
  request.sampling = found->params;
  RETURN_IF_ERROR(read_sampling(*body, needs_length, request.sampling));
  request.enable_thinking = request.enable_thinking && may_think(request.sampling);
  RETURN_IF_ERROR(read_flag(*body, "stream", request.stream));
  RETURN_IF_ERROR(read_system(*body, request.messages));
  const Json* messages = find_field(*body, "messages");
  if (!messages) return Status::invalid_argument("messages is missing", "messages", "missing");
  RETURN_IF_ERROR(anthropic::read_messages(*messages, request.messages));
  RETURN_IF_ERROR(read_tools(*body, text, request.tools));
  RETURN_IF_ERROR(read_tool_choice(*body, request.tools, request.tool_choice));
  RETURN_IF_ERROR(read_parallel_use(*body, request.may_call_several));
  const Json* metadata = find_field(*body, "metadata");
  if (metadata && !metadata->is_object()) return wrong_type("metadata", "an object");
  request.ignored_fields = unknown_fields(*body, message_field_names());
  return request;
}

}  // namespace youtu::anthropic
