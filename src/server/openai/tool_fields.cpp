#include "server/openai/tool_fields.h"

#include <string>

#include "base/check.h"
#include "server/json_fields.h"

namespace youtu::openai {

namespace {

Status check_tool(const Json& json, const std::string& name) {
  if (!json.is_object()) return wrong_type(name, "an object");
  const Json* type = find_field(json, "type");
  if (!type || *type != "function") {
    return Status::invalid_argument(name + ".type must be \"function\"", name + ".type",
                                    "unsupported_value");
  }
  const Json* function = find_field(json, "function");
  if (!function || !function->is_object()) return wrong_type(name + ".function", "an object");
  const Json* function_name = find_field(*function, "name");
  RETURN_IF_ERROR(
      check_tool_name(function_name ? *function_name : Json(), name + ".function.name"));
  const Json* description = find_field(*function, "description");
  if (description && !description->is_string()) {
    return wrong_type(name + ".function.description", "a string");
  }
  const Json* parameters = find_field(*function, "parameters");
  if (parameters && !parameters->is_object()) {
    return wrong_type(name + ".function.parameters", "a JSON schema");
  }
  return Status::ok();
}

Status read_list(const Json& list, std::string_view text, std::vector<Tool>& tools) {
  if (!list.is_array()) return wrong_type("tools", "a list of tools");
  RETURN_IF_ERROR(check_tool_count(list.size()));
  for (size_t i = 0; i < list.size(); ++i) {
    RETURN_IF_ERROR(check_tool(list[i], "tools[" + std::to_string(i) + "]"));
  }
  const Result<OrderedJson> ordered = parse_ordered_json(text);
  RETURN_IF_ERROR(ordered);
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string name = "tools[" + std::to_string(i) + "].function.name";
    RETURN_IF_ERROR(add_tool((*ordered)["tools"][i]["function"], name, tools));
  }
  return Status::ok();
}

}  // namespace

Status read_tools(const Json& body, std::string_view text, ChatCompletionRequest& request) {
  if (const Json* list = find_field(body, "tools")) {
    RETURN_IF_ERROR(read_list(*list, text, request.tools));
  }
  RETURN_IF_ERROR(read_tool_choice(body, "function", request.tools, request.tool_choice));
  return read_flag(body, "parallel_tool_calls", request.parallel_tool_calls);
}

}  // namespace youtu::openai
