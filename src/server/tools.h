// The functions that a model may call, as all APIs have them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "youtu/status.h"

namespace youtu {

inline constexpr size_t kMaxTools = 128;
inline constexpr size_t kMaxToolNameBytes = 64;

struct Tool {
  std::string name;
  std::string definition;  // JSON in OpenAI's form, as the template prints it
  std::string parameters;  // JSON schema of the arguments; "{}" if the tool has none
};

struct ToolChoice {
  enum class Kind { kAuto, kNone, kRequired, kNamed };
  Kind kind = Kind::kNone;  // where there are no tools
  std::string name;         // of kNamed
};

// 1 to kMaxToolNameBytes letters, digits, '_', '-' or '.'. `name` is the field's for errors.
Status check_tool_name(const Json& value, const std::string& name);
Status check_tool_count(size_t count);

// `function` is {"name", "description", "parameters", …} in the order in which the client wrote it.
// Fails where another tool has the name. REQUIRES: the name is checked.
Status add_tool(const OrderedJson& function, const std::string& name, std::vector<Tool>& tools);

// OpenAI's tool_choice: "auto", "none", "required" or an object that names a function, in the
// object of its `function_field` or, where that is empty, itself. Without tools nothing is chosen.
Status read_tool_choice(const Json& body, const std::string& function_field,
                        const std::vector<Tool>& tools, ToolChoice& choice);
// The one of that name. Fails where there is none.
Status choose_tool(std::string name, const std::vector<Tool>& tools, ToolChoice& choice);

const Tool* find_tool(const std::vector<Tool>& tools, std::string_view name);

}  // namespace youtu
