#include "server/tools.h"

#include <algorithm>
#include <utility>

#include "server/json_fields.h"

namespace youtu {

namespace {

bool is_tool_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxToolNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-' || c == '.';
         });
}

}  // namespace

Status check_tool_name(const Json& value, const std::string& name) {
  if (!value.is_string()) return wrong_type(name, "a string");
  if (is_tool_name(value.get_ref<const std::string&>())) return Status::ok();
  return Status::invalid_argument(name + " must have 1 to " + std::to_string(kMaxToolNameBytes) +
                                      " letters, digits, '_', '-' or '.'",
                                  name, "out_of_range");
}

Status check_tool_count(size_t count) {
  if (count <= kMaxTools) return Status::ok();
  return Status::invalid_argument(
      "tools has " + std::to_string(count) + " entries (at most " + std::to_string(kMaxTools) + ")",
      "tools", "out_of_range");
}

Status add_tool(const OrderedJson& function, const std::string& name, std::vector<Tool>& tools) {
  Tool tool;
  tool.name = function["name"].get<std::string>();
  if (find_tool(tools, tool.name)) {
    return Status::invalid_argument("two tools are called " + tool.name, name, "given_twice");
  }
  OrderedJson definition;
  definition["type"] = "function";
  definition["function"] = function;
  tool.definition = dump_json(definition);
  const auto parameters = function.find("parameters");
  const bool has_parameters = parameters != function.end() && !parameters->is_null();
  tool.parameters = has_parameters ? dump_json(*parameters) : "{}";
  tools.push_back(std::move(tool));
  return Status::ok();
}

Status read_tool_choice(const Json& body, const std::string& function_field,
                        const std::vector<Tool>& tools, ToolChoice& choice) {
  choice.kind = tools.empty() ? ToolChoice::Kind::kNone : ToolChoice::Kind::kAuto;
  const Json* value = find_field(body, "tool_choice");
  if (!value || *value == "auto") return Status::ok();
  if (*value == "none") {
    choice.kind = ToolChoice::Kind::kNone;
    return Status::ok();
  }
  if (tools.empty()) {
    return Status::invalid_argument("tool_choice needs tools", "tool_choice", "invalid_value");
  }
  if (*value == "required") {
    choice.kind = ToolChoice::Kind::kRequired;
    return Status::ok();
  }
  const Json* function = value->is_object() ? value : nullptr;
  if (function && !function_field.empty()) function = find_field(*function, function_field);
  const Json* name = function && function->is_object() ? find_field(*function, "name") : nullptr;
  if (!name || !name->is_string()) {
    return wrong_type("tool_choice", "\"auto\", \"none\", \"required\" or an object with " +
                                         function_field + (function_field.empty() ? "" : ".") +
                                         "name");
  }
  return choose_tool(name->get<std::string>(), tools, choice);
}

Status choose_tool(std::string name, const std::vector<Tool>& tools, ToolChoice& choice) {
  if (!find_tool(tools, name)) {
    return Status::invalid_argument("tool_choice names a tool that is not among the tools",
                                    "tool_choice", "invalid_value");
  }
  choice.kind = ToolChoice::Kind::kNamed;
  choice.name = std::move(name);
  return Status::ok();
}

const Tool* find_tool(const std::vector<Tool>& tools, std::string_view name) {
  const auto found = std::find_if(tools.begin(), tools.end(),
                                  [name](const Tool& tool) { return tool.name == name; });
  return found == tools.end() ? nullptr : &*found;
}

}  // namespace youtu
