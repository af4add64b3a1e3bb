#include "server/anthropic/content_blocks.h"

#include <string_view>
#include <utility>

#include "base/check.h"
#include "server/json_fields.h"
#include "server/message_fields.h"

namespace youtu::anthropic {

namespace {

Result<std::string> required_text(const Json& block, const std::string& field,
                                  const std::string& name) {
  const Json* value = find_field(block, field);
  if (!value || !value->is_string()) return wrong_type(name + "." + field, "a string");
  return value->get<std::string>();
}

Status unsupported(const std::string& type, const std::string& name) {
  return Status::invalid_argument("this model reads text only; a block of type \"" +
                                      type.substr(0, 64) + "\" has no meaning here",
                                  name, "unsupported_content");
}

Status read_tool_use(const Json& block, const std::string& name, ChatMessage& message) {
  Result<std::string> id = required_text(block, "id", name);
  RETURN_IF_ERROR(id);
  Result<std::string> tool = required_text(block, "name", name);
  RETURN_IF_ERROR(tool);
  const Json* input = find_field(block, "input");
  if (!input || !input->is_object()) return wrong_type(name + ".input", "an object");
  message.tool_calls.push_back({*std::move(id), *std::move(tool), dump_json(*input)});
  return Status::ok();
}

Status read_tool_result(const Json& block, const std::string& name,
                        std::vector<ChatMessage>& results) {
  Result<std::string> id = required_text(block, "tool_use_id", name);
  RETURN_IF_ERROR(id);
  ChatMessage result;
  result.role = "tool";
  result.tool_call_id = *std::move(id);
  if (const Json* content = find_field(block, "content")) {
    Result<std::string> text = read_content(*content, name + ".content");
    RETURN_IF_ERROR(text);
    result.content = *std::move(text);
  }
  results.push_back(std::move(result));
  return Status::ok();
}

// A block of `message`; results of tools go to `results`.
Status read_block(const Json& block, const std::string& name, ChatMessage& message,
                  std::vector<ChatMessage>& results) {
  if (!block.is_object()) return wrong_type(name, "an object");
  const Result<std::string> type = required_text(block, "type", name);
  RETURN_IF_ERROR(type);
  if (*type == "text") {
    Result<std::string> text = required_text(block, "text", name);
    RETURN_IF_ERROR(text);
    message.content += *text;
    return Status::ok();
  }
  const bool is_assistant = message.role == "assistant";
  if (is_assistant && (*type == "thinking" || *type == "redacted_thinking")) return Status::ok();
  if (is_assistant && *type == "tool_use") return read_tool_use(block, name, message);
  if (!is_assistant && *type == "tool_result") return read_tool_result(block, name, results);
  return unsupported(*type, name + ".type");
}

Status read_message(const Json& json, const std::string& name, std::vector<ChatMessage>& messages) {
  if (!json.is_object()) return wrong_type(name, "an object with role and content");
  Result<std::string> role = required_text(json, "role", name);
  RETURN_IF_ERROR(role);
  if (*role != "user" && *role != "assistant") {
    return Status::invalid_argument(name + ".role must be user or assistant", name + ".role",
                                    "out_of_range");
  }
  ChatMessage message;
  message.role = *std::move(role);
  const Json* content = find_field(json, "content");
  if (!content) {
    return Status::invalid_argument(name + ".content is missing", name + ".content", "missing");
  }
  if (content->is_string()) {
    message.content = content->get<std::string>();
    messages.push_back(std::move(message));
    return Status::ok();
  }
  if (!content->is_array()) return wrong_type(name + ".content", "a string or a list of blocks");
  std::vector<ChatMessage> results;
  for (size_t i = 0; i < content->size(); ++i) {
    RETURN_IF_ERROR(
        read_block((*content)[i], name + ".content[" + std::to_string(i) + "]", message, results));
  }
  const bool has_own = !message.content.empty() || !message.tool_calls.empty();
  const bool is_only_results = !results.empty() && !has_own;
  for (ChatMessage& result : results) messages.push_back(std::move(result));
  if (!is_only_results) messages.push_back(std::move(message));
  return Status::ok();
}

}  // namespace

Status read_messages(const Json& list, std::vector<ChatMessage>& messages) {
  if (!list.is_array()) return wrong_type("messages", "a list of messages");
  if (list.empty()) return empty_field("messages");
  if (list.size() > kMaxMessages) {
    return Status::invalid_argument(
        std::to_string(list.size()) + " messages (at most " + std::to_string(kMaxMessages) + ")",
        "messages", "out_of_range");
  }
  for (size_t i = 0; i < list.size(); ++i) {
    RETURN_IF_ERROR(read_message(list[i], "messages[" + std::to_string(i) + "]", messages));
  }
  return Status::ok();
}

}  // namespace youtu::anthropic
