#include "server/responses/input_items.h"

#include <string>
#include <utility>

#include "base/check.h"
#include "server/json_fields.h"
#include "server/message_fields.h"

namespace youtu::responses {

namespace {

Result<std::string> required_text(const Json& item, const std::string& field,
                                  const std::string& name) {
  const Json* value = find_field(item, field);
  if (!value || !value->is_string()) return wrong_type(name + "." + field, "a string");
  return value->get<std::string>();
}

// A text, or parts of type input_text, output_text or text.
Result<std::string> read_parts(const Json& content, const std::string& name) {
  if (content.is_string()) return content.get<std::string>();
  if (!content.is_array()) return wrong_type(name, "a string or a list of parts");
  std::string text;
  for (size_t i = 0; i < content.size(); ++i) {
    const std::string part_name = name + "[" + std::to_string(i) + "]";
    if (!content[i].is_object()) return wrong_type(part_name, "an object");
    const Result<std::string> type = required_text(content[i], "type", part_name);
    RETURN_IF_ERROR(type);
    if (*type != "input_text" && *type != "output_text" && *type != "text") {
      return Status::invalid_argument("this model reads text only", part_name + ".type",
                                      "unsupported_content");
    }
    const Result<std::string> part = required_text(content[i], "text", part_name);
    RETURN_IF_ERROR(part);
    text += *part;
  }
  return text;
}

Status read_message(const Json& item, const std::string& name, std::vector<ChatMessage>& messages) {
  Result<std::string> role = required_text(item, "role", name);
  RETURN_IF_ERROR(role);
  if (*role == "developer") *role = "system";
  if (*role != "system" && *role != "user" && *role != "assistant") {
    return Status::invalid_argument(name + ".role must be system, developer, user or assistant",
                                    name + ".role", "out_of_range");
  }
  const Json* content = find_field(item, "content");
  if (!content) {
    return Status::invalid_argument(name + ".content is missing", name + ".content", "missing");
  }
  Result<std::string> text = read_parts(*content, name + ".content");
  RETURN_IF_ERROR(text);
  messages.push_back({.role = *std::move(role), .content = *std::move(text)});
  return Status::ok();
}

// Calls that follow one another, or a message of the assistant, belong to one message.
Status read_call(const Json& item, const std::string& name, std::vector<ChatMessage>& messages) {
  ToolCall call;
  for (const auto& [field, place] :
       {std::pair("call_id", &call.id), {"name", &call.name}, {"arguments", &call.arguments}}) {
    Result<std::string> text = required_text(item, field, name);
    RETURN_IF_ERROR(text);
    *place = *std::move(text);
  }
  if (!parse_json(call.arguments)) {
    return Status::invalid_argument(name + ".arguments is not valid JSON", name + ".arguments",
                                    "invalid_json");
  }
  if (messages.empty() || messages.back().role != "assistant") {
    messages.push_back({.role = "assistant", .content = {}});
  }
  messages.back().tool_calls.push_back(std::move(call));
  return Status::ok();
}

Status read_call_output(const Json& item, const std::string& name,
                        std::vector<ChatMessage>& messages) {
  Result<std::string> id = required_text(item, "call_id", name);
  RETURN_IF_ERROR(id);
  const Json* output = find_field(item, "output");
  if (!output) {
    return Status::invalid_argument(name + ".output is missing", name + ".output", "missing");
  }
  Result<std::string> text = read_parts(*output, name + ".output");
  RETURN_IF_ERROR(text);
  ChatMessage message;
  message.role = "tool";
  message.content = *std::move(text);
  message.tool_call_id = *std::move(id);
  messages.push_back(std::move(message));
  return Status::ok();
}

Status read_item(const Json& item, const std::string& name, std::vector<ChatMessage>& messages) {
  if (!item.is_object()) return wrong_type(name, "an object");
  const Result<std::optional<std::string>> type = read_text(item, "type");
  if (!type) return wrong_type(name + ".type", "a string");
  const std::string kind = type->value_or("message");
  if (kind == "message") return read_message(item, name, messages);
  if (kind == "function_call") return read_call(item, name, messages);
  if (kind == "function_call_output") return read_call_output(item, name, messages);
  if (kind == "reasoning") return Status::ok();
  return Status::invalid_argument(
      name + ".type must be message, function_call, function_call_output or reasoning",
      name + ".type", "unsupported_value");
}

}  // namespace

Status read_input(const Json& input, std::vector<ChatMessage>& messages) {
  if (input.is_string()) {
    if (input.get_ref<const std::string&>().empty()) return empty_field("input");
    messages.push_back({.role = "user", .content = input.get<std::string>()});
    return Status::ok();
  }
  if (!input.is_array()) return wrong_type("input", "a string or a list of items");
  if (input.empty()) return empty_field("input");
  if (input.size() > kMaxMessages) {
    return Status::invalid_argument(
        std::to_string(input.size()) + " items (at most " + std::to_string(kMaxMessages) + ")",
        "input", "out_of_range");
  }
  for (size_t i = 0; i < input.size(); ++i) {
    RETURN_IF_ERROR(read_item(input[i], "input[" + std::to_string(i) + "]", messages));
  }
  if (messages.empty()) return empty_field("input");
  return Status::ok();
}

}  // namespace youtu::responses
