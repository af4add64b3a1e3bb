#include "server/message_fields.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "server/json_fields.h"

namespace youtu {

namespace {

constexpr std::array<std::string_view, 6> kRoles = {"system",    "developer", "user",
                                                    "assistant", "tool",      "function"};

Status missing(const std::string& name) {
  return Status::invalid_argument(name + " is missing", name, "missing");
}

Result<std::string> read_role(const Json& json, const std::string& name) {
  const Json* role = find_field(json, "role");
  if (!role) return missing(name);
  if (!role->is_string()) return wrong_type(name, "a string");
  const std::string& text = role->get_ref<const std::string&>();
  if (std::find(kRoles.begin(), kRoles.end(), text) == kRoles.end()) {
    return Status::invalid_argument(name + " must be system, developer, user, assistant or tool",
                                    name, "out_of_range");
  }
  if (text == "developer") return std::string("system");
  return text == "function" ? std::string("tool") : text;
}

// {"id": …, "type": "function", "function": {"name": …, "arguments": "…"}}.
Result<ToolCall> read_tool_call(const Json& json, const std::string& name) {
  if (!json.is_object()) return wrong_type(name, "an object");
  const Json* function = find_field(json, "function");
  if (!function || !function->is_object()) return wrong_type(name + ".function", "an object");
  ToolCall call;
  if (const Json* id = find_field(json, "id")) {
    if (!id->is_string()) return wrong_type(name + ".id", "a string");
    call.id = id->get<std::string>();
  }
  const Json* function_name = find_field(*function, "name");
  if (!function_name || !function_name->is_string()) {
    return wrong_type(name + ".function.name", "a string");
  }
  call.name = function_name->get<std::string>();
  const Json* arguments = find_field(*function, "arguments");
  if (!arguments) return missing(name + ".function.arguments");
  if (!arguments->is_string() && !arguments->is_object()) {
    return wrong_type(name + ".function.arguments", "a string of JSON");
  }
  call.arguments = arguments->is_string() ? arguments->get<std::string>() : dump_json(*arguments);
  if (!parse_json(call.arguments)) {
    return Status::invalid_argument(name + ".function.arguments is not valid JSON",
                                    name + ".function.arguments", "invalid_json");
  }
  return call;
}

Status read_tool_calls(const Json& json, const std::string& name, ChatMessage& message) {
  const Json* calls = find_field(json, "tool_calls");
  if (!calls) return Status::ok();
  const std::string list_name = name + ".tool_calls";
  if (message.role != "assistant") {
    return Status::invalid_argument(list_name + " belongs to messages of the assistant", list_name,
                                    "out_of_range");
  }
  if (!calls->is_array()) return wrong_type(list_name, "a list of calls");
  if (calls->size() > kMaxToolCalls) {
    return Status::invalid_argument(list_name + " has " + std::to_string(calls->size()) +
                                        " calls (at most " + std::to_string(kMaxToolCalls) + ")",
                                    list_name, "out_of_range");
  }
  for (size_t i = 0; i < calls->size(); ++i) {
    Result<ToolCall> call = read_tool_call((*calls)[i], list_name + "[" + std::to_string(i) + "]");
    RETURN_IF_ERROR(call);
    message.tool_calls.push_back(*std::move(call));
  }
  return Status::ok();
}

// Whose call a result answers. The old role "function" says only the function's name.
Status read_tool_call_id(const Json& json, const std::string& name, ChatMessage& message) {
  if (message.role != "tool") return Status::ok();
  const bool is_old = *find_field(json, "role") == "function";
  const std::string field = is_old ? "name" : "tool_call_id";
  const Json* id = find_field(json, field);
  if (!id) return missing(name + "." + field);
  if (!id->is_string()) return wrong_type(name + "." + field, "a string");
  message.tool_call_id = id->get<std::string>();
  return Status::ok();
}

Result<ChatMessage> read_message(const Json& json, const std::string& name) {
  if (!json.is_object()) return wrong_type(name, "an object with role and content");
  ChatMessage message;
  Result<std::string> role = read_role(json, name + ".role");
  RETURN_IF_ERROR(role);
  message.role = *std::move(role);
  RETURN_IF_ERROR(read_tool_calls(json, name, message));
  RETURN_IF_ERROR(read_tool_call_id(json, name, message));
  const Json* content = find_field(json, "content");
  if (!content) {
    if (!message.tool_calls.empty()) return message;
    return missing(name + ".content");
  }
  Result<std::string> text = read_content(*content, name + ".content");
  RETURN_IF_ERROR(text);
  message.content = *std::move(text);
  return message;
}

}  // namespace

Result<std::string> read_content(const Json& content, const std::string& name) {
  if (content.is_string()) return content.get<std::string>();
  if (!content.is_array()) return wrong_type(name, "a string or a list of text parts");
  std::string text;
  for (size_t i = 0; i < content.size(); ++i) {
    const std::string part_name = name + "[" + std::to_string(i) + "]";
    const Json& part = content[i];
    if (!part.is_object()) return wrong_type(part_name, "an object");
    const Json* type = find_field(part, "type");
    if (!type || !type->is_string()) return wrong_type(part_name + ".type", "a string");
    if (*type != "text") {
      return Status::invalid_argument(
          "this model reads text only; a part must have \"type\": \"text\"", part_name,
          "unsupported_content");
    }
    const Json* value = find_field(part, "text");
    if (!value || !value->is_string()) return wrong_type(part_name + ".text", "a string");
    text += value->get_ref<const std::string&>();
  }
  return text;
}

Status read_messages(const Json& list, std::vector<ChatMessage>& messages) {
  if (!list.is_array()) return wrong_type("messages", "a list of messages");
  if (list.empty()) return empty_field("messages");
  if (list.size() > kMaxMessages) {
    return Status::invalid_argument(
        std::to_string(list.size()) + " messages (at most " + std::to_string(kMaxMessages) + ")",
        "messages", "out_of_range");
  }
  messages.reserve(list.size() + 1);
  for (size_t i = 0; i < list.size(); ++i) {
    Result<ChatMessage> message = read_message(list[i], "messages[" + std::to_string(i) + "]");
    RETURN_IF_ERROR(message);
    messages.push_back(*std::move(message));
  }
  return Status::ok();
}

}  // namespace youtu
