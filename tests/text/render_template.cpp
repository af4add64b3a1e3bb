// Renders chat templates for the differential test: reads cases as JSON lines
//   {"template", "messages", "tools", "add_generation_prompt", "enable_thinking"}
// and writes for each one line, {"text", "trusted"} or {"error"}. "trusted" is one character for
// each segment: "t" from the template, "u" from a message.
#include "base/json.h"
#include "text/chat_template.h"

#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

namespace {

using youtu::OrderedJson;

std::string text_of(const OrderedJson& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

youtu::ChatMessage message_of(const OrderedJson& json) {
  youtu::ChatMessage message{.role = text_of(json, "role"), .content = text_of(json, "content")};
  message.tool_call_id = text_of(json, "tool_call_id");
  if (!json.contains("tool_calls")) return message;
  for (const OrderedJson& call : json["tool_calls"]) {
    const OrderedJson& function = call["function"];
    message.tool_calls.push_back({.id = text_of(call, "id"),
                                  .name = text_of(function, "name"),
                                  .arguments = text_of(function, "arguments")});
  }
  return message;
}

OrderedJson render(const OrderedJson& test_case) {
  const auto parsed =
      youtu::ChatTemplate::parse(test_case["template"].get<std::string>(), "template");
  if (!parsed) return {{"error", parsed.status().message()}};
  std::vector<youtu::ChatMessage> messages;
  for (const OrderedJson& message : test_case["messages"]) messages.push_back(message_of(message));
  youtu::ChatOptions options;
  options.add_generation_prompt = test_case.value("add_generation_prompt", true);
  if (test_case.contains("enable_thinking")) {
    options.enable_thinking = test_case["enable_thinking"].get<bool>();
  }
  if (test_case.contains("tools")) {
    for (const OrderedJson& tool : test_case["tools"]) options.tools.push_back(tool.dump());
  }
  const youtu::ChatTemplateTokens tokens{.bos_token = "<|begin_of_text|>",
                                         .eos_token = "<|end_of_text|>",
                                         .pad_token = "<|end_of_text|>"};
  const auto segments = parsed->render(messages, options, tokens);
  if (!segments) return {{"error", segments.status().message()}};
  std::string text;
  std::string trusted;
  for (const youtu::PromptSegment& segment : *segments) {
    text += segment.text;
    trusted += segment.trusted ? 't' : 'u';
  }
  return {{"text", text}, {"trusted", trusted}};
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const auto test_case = youtu::parse_ordered_json(line);
    if (!test_case) {
      std::fprintf(stderr, "%s\n", test_case.status().message().c_str());
      return 1;
    }
    std::cout << render(*test_case).dump() << '\n';
  }
  return 0;
}
