#include "server/anthropic/content_collector.h"

#include <utility>

#include "server/object_id.h"

namespace youtu::anthropic {

void ContentCollector::add(const ChoiceDelta& delta) {
  if (!delta.reasoning.empty()) {
    if (kind_ != Kind::kThinking) {
      open(Kind::kThinking, {{"type", "thinking"}, {"thinking", ""}, {"signature", ""}});
    }
    append("thinking_delta", "thinking", delta.reasoning);
  }
  if (!delta.text.empty()) {
    if (kind_ != Kind::kText) open(Kind::kText, {{"type", "text"}, {"text", ""}});
    append("text_delta", "text", delta.text);
  }
  for (const ToolCallPart& part : delta.calls) {
    if (!part.name.empty()) {
      open(Kind::kToolUse, {{"type", "tool_use"},
                            {"id", make_object_id("toolu_")},
                            {"name", part.name},
                            {"input", OrderedJson::object()}});
    }
    if (!part.arguments.empty()) append("input_json_delta", "partial_json", part.arguments);
  }
}

void ContentCollector::open(Kind kind, OrderedJson block) {
  end();
  kind_ = kind;
  block_ = std::move(block);
  OrderedJson fields;
  fields["index"] = index_;
  fields["content_block"] = block_;
  events_.push_back({"content_block_start", std::move(fields)});
}

void ContentCollector::append(const char* delta_type, const char* field, const std::string& text) {
  text_ += text;
  OrderedJson delta;
  delta["type"] = delta_type;
  delta[field] = text;
  OrderedJson fields;
  fields["index"] = index_;
  fields["delta"] = std::move(delta);
  events_.push_back({"content_block_delta", std::move(fields)});
}

void ContentCollector::end() {
  if (kind_ == Kind::kNone) return;
  if (kind_ == Kind::kThinking) block_["thinking"] = text_;
  if (kind_ == Kind::kText) block_["text"] = text_;
  if (kind_ == Kind::kToolUse) {
    // Arguments that were cut off at max_tokens are no JSON, and have no other place.
    const Result<OrderedJson> input = parse_ordered_json(text_);
    block_["input"] = input && input->is_object() ? *input : OrderedJson::object();
  }
  content_.push_back(std::exchange(block_, {}));
  OrderedJson fields;
  fields["index"] = index_++;
  events_.push_back({"content_block_stop", std::move(fields)});
  kind_ = Kind::kNone;
  text_.clear();
}

std::vector<BlockEvent> ContentCollector::take_events() {
  return std::exchange(events_, {});
}

OrderedJson ContentCollector::take_content() {
  end();
  return std::exchange(content_, OrderedJson::array());
}

}  // namespace youtu::anthropic
