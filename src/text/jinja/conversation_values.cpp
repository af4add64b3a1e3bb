#include "text/jinja/conversation_values.h"

#include "base/json.h"

#include <limits>

namespace youtu::jinja {

namespace {

Value untrusted(Execution& execution, std::string_view bytes) {
  return execution.make_text(TracedText(bytes, false));
}

// REQUIRES: nested no deeper than the limit of parse_ordered_json().
Value from_json(Execution& execution, const OrderedJson& json) {
  execution.charge(1);
  switch (json.type()) {
    case OrderedJson::value_t::boolean:
      return json.get<bool>();
    case OrderedJson::value_t::number_integer:
      return json.get<int64_t>();
    case OrderedJson::value_t::number_unsigned: {
      const auto number = json.get<uint64_t>();
      if (number <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
        return static_cast<int64_t>(number);
      }
      return static_cast<double>(number);
    }
    case OrderedJson::value_t::number_float:
      return json.get<double>();
    case OrderedJson::value_t::string:
      return untrusted(execution, json.get_ref<const std::string&>());
    case OrderedJson::value_t::array: {
      List* list = execution.make_list();
      list->from_message = true;
      for (const OrderedJson& item : json) execution.push(*list, from_json(execution, item));
      return list;
    }
    case OrderedJson::value_t::object: {
      Dict* dict = execution.make_dict();
      dict->from_message = true;
      for (const auto& [key, value] : json.items()) {
        dict->set(untrusted(execution, key), from_json(execution, value));
      }
      return dict;
    }
    default:
      return None{};
  }
}

Dict* make_message_dict(Execution& execution) {
  Dict* dict = execution.make_dict();
  dict->from_message = true;
  return dict;
}

Value arguments_value(Execution& execution, const std::string& arguments, ArgumentForm form) {
  if (form == ArgumentForm::kDict) {
    const Result<OrderedJson> json = parse_ordered_json(arguments);
    if (json.is_ok() && json->is_object()) return from_json(execution, *json);
  }
  return untrusted(execution, arguments);
}

Value call_value(Execution& execution, const ToolCall& call, ArgumentForm form) {
  Dict* function = make_message_dict(execution);
  function->set(execution.make_trusted("name"), untrusted(execution, call.name));
  function->set(execution.make_trusted("arguments"),
                arguments_value(execution, call.arguments, form));
  Dict* dict = make_message_dict(execution);
  dict->set(execution.make_trusted("type"), execution.make_trusted("function"));
  if (!call.id.empty()) dict->set(execution.make_trusted("id"), untrusted(execution, call.id));
  dict->set(execution.make_trusted("function"), function);
  return dict;
}

}  // namespace

size_t conversation_bytes(std::span<const ChatMessage> messages,
                          std::span<const std::string> tools) {
  size_t total = 0;
  for (const ChatMessage& message : messages) {
    total += message.role.size() + message.content.size() + message.tool_call_id.size();
    for (const ToolCall& call : message.tool_calls) {
      total += call.id.size() + call.name.size() + call.arguments.size();
    }
  }
  for (const std::string& tool : tools) total += tool.size();
  return total;
}

Value message_list(Execution& execution, std::span<const ChatMessage> messages, ArgumentForm form) {
  List* list = execution.make_list();
  list->from_message = true;
  for (const ChatMessage& message : messages) {
    Dict* dict = make_message_dict(execution);
    dict->set(execution.make_trusted("role"), untrusted(execution, message.role));
    dict->set(execution.make_trusted("content"), untrusted(execution, message.content));
    if (!message.tool_calls.empty()) {
      List* calls = execution.make_list();
      calls->from_message = true;
      for (const ToolCall& call : message.tool_calls) {
        execution.push(*calls, call_value(execution, call, form));
      }
      dict->set(execution.make_trusted("tool_calls"), calls);
    }
    if (!message.tool_call_id.empty()) {
      dict->set(execution.make_trusted("tool_call_id"), untrusted(execution, message.tool_call_id));
    }
    execution.push(*list, dict);
  }
  return list;
}

Value tool_list(Execution& execution, std::span<const std::string> tools) {
  List* list = execution.make_list();
  list->from_message = true;
  for (size_t i = 0; i < tools.size() && !execution.failed(); ++i) {
    const Result<OrderedJson> json = parse_ordered_json(tools[i]);
    if (!json) {
      return execution.fail_with(json.status().with_prefix("tools[" + std::to_string(i) + "]: "));
    }
    execution.push(*list, from_json(execution, *json));
  }
  return list;
}

}  // namespace youtu::jinja
