#include "text/jinja/value.h"

#include "base/check.h"
#include "text/jinja/object.h"

#include <bit>
#include <cmath>

namespace youtu::jinja {

namespace {

// Python's 1, 1.0 and True are the same key, so they share a spelling.
std::string key_spelling(const Value& key) {
  if (key.is_text()) return "t" + key.bytes();
  if (key.is_none()) return "n";
  if (key.is_integer() || key.is_bool()) return "i" + std::to_string(key.as_integer());
  const double number = key.as_float();
  if (number == std::floor(number) && std::fabs(number) < 0x1p63) {
    return "i" + std::to_string(static_cast<int64_t>(number));
  }
  return "f" + std::to_string(std::bit_cast<uint64_t>(number));
}

}  // namespace

bool Dict::is_key(const Value& value) {
  return value.is_text() || value.is_number() || value.is_none();
}

const Value* Dict::find(const Value& key) const {
  CHECK(is_key(key));
  const auto found = index_.find(key_spelling(key));
  return found == index_.end() ? nullptr : &entries_[found->second].value;
}

const Value* Dict::find(std::string_view key) const {
  const auto found = index_.find("t" + std::string(key));
  return found == index_.end() ? nullptr : &entries_[found->second].value;
}

void Dict::set(const Value& key, Value value) {
  CHECK(is_key(key));
  const auto [place, is_new] = index_.try_emplace(key_spelling(key), entries_.size());
  if (is_new) {
    entries_.push_back({key, std::move(value)});
  } else {
    entries_[place->second].value = std::move(value);
  }
}

void Dict::erase(const Value& key) {
  CHECK(is_key(key));
  const auto found = index_.find(key_spelling(key));
  if (found == index_.end()) return;
  const size_t position = found->second;
  index_.erase(found);
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(position));
  for (auto& [spelling, place] : index_) {
    if (place > position) --place;
  }
}

void Dict::clear() {
  entries_.clear();
  index_.clear();
}

std::string_view type_name(const Value& value) {
  if (value.is_undefined()) return "undefined";
  if (value.is_none()) return "none";
  if (value.is_bool()) return "bool";
  if (value.is_integer()) return "int";
  if (value.is_float()) return "float";
  if (value.is_text()) return "str";
  if (const List* list = value.list()) return list->is_tuple ? "tuple" : "list";
  if (const Dict* dict = value.dict()) return dict->is_namespace ? "namespace" : "dict";
  return value.object()->kind();
}

bool is_truthy(const Value& value) {
  if (value.is_undefined() || value.is_none()) return false;
  if (value.is_float()) return value.as_float() != 0;
  if (value.is_number()) return value.as_integer() != 0;
  if (value.is_text()) return !value.text().empty();
  if (const List* list = value.list()) return !list->items.empty();
  if (const Dict* dict = value.dict()) return dict->is_namespace || dict->size() > 0;
  return true;
}

std::string undefined_message(const Value& value) {
  const std::string* name = value.as_undefined().name;
  return name ? "'" + name->substr(0, 64) + "' is undefined" : "the value is undefined";
}

}  // namespace youtu::jinja
