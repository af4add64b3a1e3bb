#include "server/tool_format.h"

#include <string>
#include <utility>

#include "base/json.h"

namespace youtu {

namespace {

// {"name": "…", "arguments": {…}} of one tool.
OrderedJson call_schema(const Tool& tool) {
  OrderedJson properties;
  properties["name"]["const"] = tool.name;
  const Result<OrderedJson> parameters = parse_ordered_json(tool.parameters);
  const bool has_parameters = parameters && !parameters->empty();
  properties["arguments"] = has_parameters ? *parameters : OrderedJson{{"type", "object"}};
  OrderedJson schema;
  schema["type"] = "object";
  schema["properties"] = std::move(properties);
  schema["required"] = {"name", "arguments"};
  schema["additionalProperties"] = false;
  return schema;
}

std::string calls_rule(bool several) {
  return several ? "call (\"\\n\" call)*" : "call";
}

std::string call_alternatives(const std::vector<Tool>& tools, const ToolChoice& choice) {
  std::string calls;
  for (const Tool& tool : tools) {
    if (choice.kind == ToolChoice::Kind::kNamed && tool.name != choice.name) continue;
    calls += (calls.empty() ? "" : " | ") + ("%json " + dump_json(call_schema(tool)));
  }
  return calls;
}

}  // namespace

Result<std::optional<OutputFormat>> make_tool_format(
    const std::vector<Tool>& tools, const ToolChoice& choice, bool may_call_several,
    const std::optional<OutputFormat>& answer_format) {
  using Choice = ToolChoice::Kind;
  using Kind = OutputFormat::Kind;
  if (choice.kind == Choice::kNone) return answer_format;
  const bool must_call = choice.kind == Choice::kRequired || choice.kind == Choice::kNamed;
  if (!must_call && !answer_format) return std::optional<OutputFormat>();
  const bool is_json = answer_format && (answer_format->kind == Kind::kJsonObject ||
                                         answer_format->kind == Kind::kJsonSchema);
  if (answer_format && (must_call || !is_json)) {
    return Status::invalid_argument(
        "beside tools an answer's form can be json_object or json_schema, and none where a tool "
        "must be called",
        "response_format", "unsupported_value");
  }
  OutputFormat format = {.kind = Kind::kGrammar};
  format.text = "root ::= " + calls_rule(may_call_several && choice.kind != Choice::kNamed);
  if (is_json) {
    const bool is_object = answer_format->kind == Kind::kJsonObject;
    format.text += " | %json " + (is_object ? R"({"type":"object"})" : answer_format->text);
  }
  format.text +=
      "\ncall ::= \"<tool_call>\" (" + call_alternatives(tools, choice) + ") \"</tool_call>\"\n";
  return std::optional<OutputFormat>(std::move(format));
}

Status check_tool_schemas(const std::vector<Tool>& tools) {
  for (size_t i = 0; i < tools.size(); ++i) {
    if (tools[i].parameters == "{}") continue;
    OutputFormat format = {.kind = OutputFormat::Kind::kJsonSchema};
    format.text = tools[i].parameters;
    const Status status = check_output_format(format);
    if (status || status.reason() == "unsupported_schema") continue;
    return {status.code(), "tools[" + std::to_string(i) + "] parameters: " + status.message(),
            "tools", status.reason()};
  }
  return Status::ok();
}

}  // namespace youtu
