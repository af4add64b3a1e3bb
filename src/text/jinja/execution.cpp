#include "text/jinja/execution.h"

#include <algorithm>

namespace youtu::jinja {

namespace {

// At most `limit` bytes of `text`, cut between two characters.
std::string_view cut(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0u) == 0x80u) --limit;
  return text.substr(0, limit);
}

}  // namespace

Execution::Execution(std::string_view name, size_t input_bytes)
    : name_(name),
      text_limit_(std::max(kMinTextLimitBytes, kTextLimitPerInputByte * input_bytes)) {}

Value Execution::fail(std::string_view what) {
  if (!failed()) {
    status_ = Status::invalid_argument(
        name_ + ":" + std::to_string(line_) + ": " + std::string(what), {}, "template_error");
  }
  return {};
}

Value Execution::fail_limit(std::string_view what, int64_t limit) {
  if (!failed()) {
    status_ = Status::invalid_argument(name_ + ":" + std::to_string(line_) +
                                           ": template limit: " + std::string(what) + " (at most " +
                                           std::to_string(limit) + ")",
                                       {}, "template_limit");
  }
  return {};
}

Value Execution::fail_with(Status status) {
  if (!failed()) status_ = std::move(status);
  return {};
}

Value Execution::raise(std::string_view message) {
  if (!failed()) {
    status_ = Status::invalid_argument(std::string(cut(message, kMaxRaisedMessageBytes)),
                                       "messages", "template_raised");
  }
  return {};
}

void Execution::charge(size_t steps) {
  steps_left_ -= static_cast<int64_t>(steps);
  if (steps_left_ < 0) fail_limit("steps", kMaxSteps);
}

void Execution::charge_reading(const Value& value) {
  if (value.is_text()) {
    charge(value.text().size() / kTextBytesPerStep);
  } else if (const List* list = value.list()) {
    charge(list->items.size() / kItemsReadPerStep);
  } else if (const Dict* dict = value.dict()) {
    charge(dict->size() / kItemsReadPerStep);
  }
}

Value Execution::make_text(TracedText text) {
  if (text.size() > text_limit_) {
    return fail_limit("bytes of text", static_cast<int64_t>(text_limit_));
  }
  charge(text.size() / kTextBytesPerStep);
  return Value(std::make_shared<const TracedText>(std::move(text)));
}

List* Execution::make_list(std::vector<Value> items) {
  charge(1 + items.size() / kItemsMadePerStep);
  if (items.size() > kMaxListItems) {
    fail_limit("items in a list", kMaxListItems);
    items.clear();
  }
  lists_.push_back(std::make_unique<List>(List{.items = std::move(items)}));
  return lists_.back().get();
}

List* Execution::make_tuple(std::vector<Value> items) {
  List* list = make_list(std::move(items));
  list->is_tuple = true;
  return list;
}

Dict* Execution::make_dict() {
  charge(1);
  dicts_.push_back(std::make_unique<Dict>());
  return dicts_.back().get();
}

void Execution::push(List& list, Value value) {
  if (list.items.size() >= kMaxListItems) {
    fail_limit("items in a list", kMaxListItems);
    return;
  }
  charge(list.items.size() % kItemsMadePerStep == 0 ? 1 : 0);
  list.items.push_back(std::move(value));
}

bool TextBuilder::has_room(size_t num_bytes) {
  if (num_bytes <= execution_.text_limit() - text_.size()) return true;
  execution_.fail_limit("bytes of text", static_cast<int64_t>(execution_.text_limit()));
  return false;
}

}  // namespace youtu::jinja
