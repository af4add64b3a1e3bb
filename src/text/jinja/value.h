// What a template computes with: Python's plain data and a few callable objects, nothing of the
// host. Texts are shared and immutable. Lists, dicts and objects belong to the Execution that made
// them, so that a list which contains itself needs no collector.
#pragma once

#include "text/jinja/traced_text.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace youtu::jinja {

class Dict;
class Object;
struct List;

// A name, attribute or item that does not exist. It prints as nothing and is false; most other uses
// are errors, which say `name` if it is known. The name belongs to the template's syntax tree.
struct Undefined {
  const std::string* name = nullptr;
};
struct None {};
using Text = std::shared_ptr<const TracedText>;

class Value {
 public:
  Value() = default;
  Value(Undefined value) : data_(value) {}        // NOLINT: implicit on purpose, as all of these
  Value(None value) : data_(value) {}             // NOLINT
  Value(bool value) : data_(value) {}             // NOLINT
  Value(int64_t value) : data_(value) {}          // NOLINT
  Value(double value) : data_(value) {}           // NOLINT
  Value(Text value) : data_(std::move(value)) {}  // NOLINT
  Value(List* value) : data_(value) {}            // NOLINT
  Value(Dict* value) : data_(value) {}            // NOLINT
  Value(Object* value) : data_(value) {}          // NOLINT
  Value(const void*) = delete;                    // no pointer is a bool by accident

  bool is_undefined() const { return std::holds_alternative<Undefined>(data_); }
  bool is_none() const { return std::holds_alternative<None>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  bool is_integer() const { return std::holds_alternative<int64_t>(data_); }  // without booleans
  bool is_float() const { return std::holds_alternative<double>(data_); }
  bool is_number() const { return is_integer() || is_float() || is_bool(); }  // as in Python
  bool is_text() const { return std::holds_alternative<Text>(data_); }

  bool as_bool() const { return std::get<bool>(data_); }
  // REQUIRES: is_integer() or is_bool().
  int64_t as_integer() const { return is_bool() ? int64_t{as_bool()} : std::get<int64_t>(data_); }
  // REQUIRES: is_number().
  double as_float() const {
    return is_float() ? std::get<double>(data_) : static_cast<double>(as_integer());
  }
  const TracedText& text() const { return *std::get<Text>(data_); }
  const std::string& bytes() const { return text().bytes(); }
  const Text& shared_text() const { return std::get<Text>(data_); }
  Undefined as_undefined() const { return std::get<Undefined>(data_); }

  // Null if the value is something else.
  List* list() const { return pointer<List>(); }
  Dict* dict() const { return pointer<Dict>(); }
  Object* object() const { return pointer<Object>(); }

  bool is_text(std::string_view bytes) const { return is_text() && this->bytes() == bytes; }

 private:
  template <typename T>
  T* pointer() const {
    const auto* found = std::get_if<T*>(&data_);
    return found ? *found : nullptr;
  }

  std::variant<Undefined, None, bool, int64_t, double, Text, List*, Dict*, Object*> data_;
};

struct List {
  std::vector<Value> items;
  bool is_tuple = false;
  bool from_message = false;  // its brackets and commas count as untrusted text when printed
};

// Keeps the order of insertion, as Python's dict does.
class Dict {
 public:
  struct Entry {
    Value key;
    Value value;
  };

  // Texts, numbers, booleans and none can be keys.
  static bool is_key(const Value& value);

  const std::vector<Entry>& entries() const { return entries_; }
  size_t size() const { return entries_.size(); }
  // Null if there is none. REQUIRES: is_key(key).
  const Value* find(const Value& key) const;
  const Value* find(std::string_view key) const;
  void set(const Value& key, Value value);
  void erase(const Value& key);
  void clear();

  bool is_namespace = false;  // made by namespace(): `set` may assign its attributes
  bool from_message = false;  // its punctuation counts as untrusted text when printed

 private:
  std::vector<Entry> entries_;
  std::unordered_map<std::string, size_t> index_;  // by a spelling that equal keys share
};

// For people, in the words of Python: "str", "list", "undefined".
std::string_view type_name(const Value& value);

bool is_truthy(const Value& value);

// "'name' is undefined", or without the name.
std::string undefined_message(const Value& value);

}  // namespace youtu::jinja
