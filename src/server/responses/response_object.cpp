#include "server/responses/response_object.h"

#include <utility>

#include "server/object_id.h"

namespace youtu::responses {

namespace {

OrderedJson output_text(const std::string& text) {
  OrderedJson json;
  json["type"] = "output_text";
  json["text"] = text;
  json["annotations"] = OrderedJson::array();
  return json;
}

OrderedJson message_item(std::string_view status) {
  OrderedJson item;
  item["id"] = make_object_id("msg_");
  item["type"] = "message";
  item["status"] = status;
  item["role"] = "assistant";
  item["content"] = OrderedJson::array();
  return item;
}

OrderedJson call_item(std::string_view status, const std::string& call_id,
                      const std::string& name) {
  OrderedJson item;
  item["id"] = make_object_id("fc_");
  item["type"] = "function_call";
  item["status"] = status;
  item["call_id"] = call_id;
  item["name"] = name;
  item["arguments"] = "";
  return item;
}

OrderedJson reasoning_item() {
  OrderedJson item;
  item["id"] = make_object_id("rs_");
  item["type"] = "reasoning";
  item["summary"] = OrderedJson::array();
  item["content"] = OrderedJson::array();
  return item;
}

}  // namespace

void ResponseOutput::add(const ChoiceDelta& delta) {
  if (!delta.reasoning.empty()) add_reasoning(delta.reasoning);
  if (!delta.text.empty()) add_text(delta.text);
  for (const ToolCallPart& part : delta.calls) add_call(part);
}

void ResponseOutput::open(Kind kind, OrderedJson item) {
  end();
  kind_ = kind;
  item_ = std::move(item);
  OrderedJson fields;
  fields["output_index"] = items_.size();
  fields["item"] = item_;
  events_.push_back({"response.output_item.added", std::move(fields)});
}

// Which item an event is about.
OrderedJson ResponseOutput::place() const {
  OrderedJson fields;
  fields["item_id"] = item_["id"];
  fields["output_index"] = items_.size();
  return fields;
}

void ResponseOutput::add_reasoning(const std::string& text) {
  if (kind_ != Kind::kReasoning) open(Kind::kReasoning, reasoning_item());
  text_ += text;
  OrderedJson fields = place();
  fields["content_index"] = 0;
  fields["delta"] = text;
  events_.push_back({"response.reasoning_text.delta", std::move(fields)});
}

void ResponseOutput::add_text(const std::string& text) {
  if (kind_ != Kind::kMessage) {
    open(Kind::kMessage, message_item("in_progress"));
    OrderedJson fields = place();
    fields["content_index"] = 0;
    fields["part"] = output_text("");
    events_.push_back({"response.content_part.added", std::move(fields)});
  }
  text_ += text;
  whole_text_ += text;
  OrderedJson fields = place();
  fields["content_index"] = 0;
  fields["delta"] = text;
  fields["logprobs"] = OrderedJson::array();
  events_.push_back({"response.output_text.delta", std::move(fields)});
}

void ResponseOutput::add_call(const ToolCallPart& part) {
  if (!part.name.empty()) {
    calls_.push_back({make_object_id("call_"), part.name, {}});
    open(Kind::kCall, call_item("in_progress", calls_.back().id, part.name));
  }
  if (part.arguments.empty()) return;
  text_ += part.arguments;
  calls_.back().arguments += part.arguments;
  OrderedJson fields = place();
  fields["delta"] = part.arguments;
  events_.push_back({"response.function_call_arguments.delta", std::move(fields)});
}

void ResponseOutput::end_text() {
  OrderedJson done = place();
  done["content_index"] = 0;
  done["text"] = text_;
  done["logprobs"] = OrderedJson::array();
  events_.push_back({"response.output_text.done", std::move(done)});
  OrderedJson part = place();
  part["content_index"] = 0;
  part["part"] = output_text(text_);
  events_.push_back({"response.content_part.done", std::move(part)});
  item_["status"] = "completed";
  item_["content"] = OrderedJson::array({output_text(text_)});
}

void ResponseOutput::end() {
  if (kind_ == Kind::kNone) return;
  if (kind_ == Kind::kMessage) end_text();
  if (kind_ == Kind::kReasoning) {
    OrderedJson done = place();
    done["content_index"] = 0;
    done["text"] = text_;
    events_.push_back({"response.reasoning_text.done", std::move(done)});
    OrderedJson thought;
    thought["type"] = "reasoning_text";
    thought["text"] = text_;
    item_["content"] = OrderedJson::array({std::move(thought)});
  }
  if (kind_ == Kind::kCall) {
    OrderedJson done = place();
    done["arguments"] = text_;
    events_.push_back({"response.function_call_arguments.done", std::move(done)});
    item_["status"] = "completed";
    item_["arguments"] = text_;
  }
  OrderedJson fields;
  fields["output_index"] = items_.size();
  fields["item"] = item_;
  events_.push_back({"response.output_item.done", std::move(fields)});
  items_.push_back(std::exchange(item_, {}));
  kind_ = Kind::kNone;
  text_.clear();
}

std::vector<StreamEvent> ResponseOutput::take_events() {
  return std::exchange(events_, {});
}

OrderedJson response_json(const ResponseHead& head, std::string_view status,
                          const OrderedJson& output) {
  OrderedJson json;
  json["id"] = head.id;
  json["object"] = "response";
  json["created_at"] = head.created;
  json["status"] = status;
  json["error"] = nullptr;
  json["incomplete_details"] = nullptr;
  if (status == "incomplete") json["incomplete_details"] = {{"reason", "max_output_tokens"}};
  json["instructions"] = nullptr;
  json["max_output_tokens"] = nullptr;
  json["model"] = head.model;
  json["output"] = output;
  json["parallel_tool_calls"] = true;
  json["previous_response_id"] = nullptr;
  json["store"] = head.store;
  json["temperature"] = head.temperature;
  json["text"] = {{"format", {{"type", "text"}}}};
  json["tool_choice"] = "auto";
  json["tools"] = OrderedJson::array();
  json["top_p"] = head.top_p;
  json["truncation"] = "disabled";
  json["usage"] = nullptr;
  json["metadata"] = OrderedJson::object();
  if (!head.echo.empty()) json.update(head.echo);
  return json;
}

OrderedJson response_usage(const Usage& usage) {
  OrderedJson json;
  json["input_tokens"] = usage.prompt_tokens;
  json["input_tokens_details"] = {{"cached_tokens", usage.cached_tokens}};
  json["output_tokens"] = usage.completion_tokens;
  json["output_tokens_details"] = {{"reasoning_tokens", usage.reasoning_tokens}};
  json["total_tokens"] = usage.prompt_tokens + usage.completion_tokens;
  return json;
}

OrderedJson stored_items(const std::string& text, const std::vector<ToolCall>& calls) {
  OrderedJson items = OrderedJson::array();
  if (!text.empty()) {
    OrderedJson message = message_item("completed");
    message["content"].push_back(output_text(text));
    items.push_back(std::move(message));
  }
  for (const ToolCall& call : calls) {
    OrderedJson item = call_item("completed", call.id, call.name);
    item["arguments"] = call.arguments;
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace youtu::responses
