// The methods of lists and dicts, and which values have which methods.
#include "text/jinja/builtins.h"
#include "text/jinja/comparison.h"
#include "text/jinja/execution.h"
#include "text/jinja/operations.h"

#include <algorithm>

namespace youtu::jinja {

namespace {

// Where a list of `size` items takes an insertion before `index`.
size_t clamp_index(int64_t index, size_t size) {
  const auto count = static_cast<int64_t>(size);
  if (index < 0) index = std::max<int64_t>(index + count, 0);
  return static_cast<size_t>(std::min(index, count));
}

Value list_append(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "append", arguments, {"item"}, 1);
  if (!execution.failed()) execution.push(*self.list(), args[0]);
  return None{};
}

Value list_extend(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "extend", arguments, {"items"}, 1);
  for (const Value& item : items_of(execution, args[0])) execution.push(*self.list(), item);
  return None{};
}

Value list_insert(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "insert", arguments, {"index", "item"}, 2);
  const int64_t index = args.integer_or(0, 0);
  if (execution.failed()) return {};
  std::vector<Value>& items = self.list()->items;
  execution.push(*self.list(), args[1]);
  if (execution.failed()) return {};
  const auto at = static_cast<std::ptrdiff_t>(clamp_index(index, items.size() - 1));
  std::rotate(items.begin() + at, items.end() - 1, items.end());
  return None{};
}

Value list_pop(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "pop", arguments, {"index"});
  std::vector<Value>& items = self.list()->items;
  int64_t index = args.integer_or(0, -1);
  if (index < 0) index += static_cast<int64_t>(items.size());
  if (index < 0 || index >= static_cast<int64_t>(items.size())) {
    return execution.fail("pop(): the index is out of range");
  }
  Value item = items[static_cast<size_t>(index)];
  items.erase(items.begin() + index);
  return item;
}

Value list_remove(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "remove", arguments, {"item"}, 1);
  std::vector<Value>& items = self.list()->items;
  const auto found = std::find_if(items.begin(), items.end(), [&](const Value& item) {
    return equal(execution, item, args[0]);
  });
  if (found == items.end()) return execution.fail("remove(): the item is not in the list");
  items.erase(found);
  return None{};
}

Value list_index(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "index", arguments, {"item"}, 1);
  const std::vector<Value>& items = self.list()->items;
  for (size_t i = 0; i < items.size(); ++i) {
    if (equal(execution, items[i], args[0])) return static_cast<int64_t>(i);
    if (execution.failed()) return {};
  }
  return execution.fail("index(): the item is not in the list");
}

Value list_count(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "count", arguments, {"item"}, 1);
  int64_t count = 0;
  for (const Value& item : self.list()->items) {
    if (execution.failed()) break;
    count += equal(execution, item, args[0]) ? 1 : 0;
  }
  return count;
}

Value list_reverse(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "reverse", arguments, {});
  std::reverse(self.list()->items.begin(), self.list()->items.end());
  return None{};
}

Value list_copy(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "copy", arguments, {});
  List* copy = execution.make_list(self.list()->items);
  copy->from_message = self.list()->from_message;
  return copy;
}

Value list_clear(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "clear", arguments, {});
  self.list()->items.clear();
  return None{};
}

Value dict_items(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "items", arguments, {});
  List* items = execution.make_list();
  for (const Dict::Entry& entry : self.dict()->entries()) {
    execution.push(*items, execution.make_tuple({entry.key, entry.value}));
    if (execution.failed()) break;
  }
  return items;
}

Value dict_keys(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "keys", arguments, {});
  List* keys = execution.make_list();
  for (const Dict::Entry& entry : self.dict()->entries()) execution.push(*keys, entry.key);
  return keys;
}

Value dict_values(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "values", arguments, {});
  List* values = execution.make_list();
  for (const Dict::Entry& entry : self.dict()->entries()) execution.push(*values, entry.value);
  return values;
}

// The entry of the key that is the first argument, or null.
const Value* find_entry(Execution& execution, const Value& self, const Value& key) {
  if (execution.failed()) return nullptr;
  if (Dict::is_key(key)) return self.dict()->find(key);
  if (!key.is_undefined()) {
    execution.fail(std::string(type_name(key)) + " cannot be a key");
  }
  return nullptr;
}

Value dict_get(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "get", arguments, {"key", "default"}, 1);
  const Value* found = find_entry(execution, self, args[0]);
  if (found) return *found;
  return args.has(1) ? args[1] : Value(None{});
}

Value dict_setdefault(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "setdefault", arguments, {"key", "default"}, 1);
  const Value* found = find_entry(execution, self, args[0]);
  if (found || execution.failed()) return found ? *found : Value();
  const Value value = args.has(1) ? args[1] : Value(None{});
  if (Dict::is_key(args[0])) self.dict()->set(args[0], value);
  return value;
}

Value dict_pop(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "pop", arguments, {"key", "default"}, 1);
  const Value* found = find_entry(execution, self, args[0]);
  if (execution.failed()) return {};
  if (!found) return args.has(1) ? args[1] : execution.fail("pop(): there is no such key");
  Value value = *found;
  execution.charge(self.dict()->size() / kItemsMadePerStep);
  self.dict()->erase(args[0]);
  return value;
}

Value dict_update(Execution& execution, const Value& self, const Arguments& arguments) {
  for (const Value& other : arguments.positional) {
    if (!other.dict()) return execution.fail("update() needs a dict");
    if (other.dict() == self.dict()) continue;
    execution.charge(other.dict()->size());
    for (const Dict::Entry& entry : other.dict()->entries()) {
      self.dict()->set(entry.key, entry.value);
    }
  }
  for (const Arguments::Keyword& keyword : arguments.keywords) {
    self.dict()->set(execution.make_trusted(keyword.name), keyword.value);
  }
  return None{};
}

Value dict_copy(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "copy", arguments, {});
  Dict* copy = execution.make_dict();
  execution.charge(self.dict()->size());
  *copy = *self.dict();
  return copy;
}

Value dict_clear(Execution& execution, const Value& self, const Arguments& arguments) {
  const BoundArguments args(execution, "clear", arguments, {});
  self.dict()->clear();
  return None{};
}

constexpr Method kListMethods[] = {
    {"append", list_append}, {"extend", list_extend},   {"insert", list_insert},
    {"pop", list_pop},       {"remove", list_remove},   {"index", list_index},
    {"count", list_count},   {"reverse", list_reverse}, {"copy", list_copy},
    {"clear", list_clear},
};

constexpr Method kDictMethods[] = {
    {"items", dict_items},           {"keys", dict_keys},
    {"values", dict_values},         {"get", dict_get},
    {"setdefault", dict_setdefault}, {"pop", dict_pop},
    {"update", dict_update},         {"copy", dict_copy},
    {"clear", dict_clear},
};

const Method* find_in(std::span<const Method> methods, std::string_view name) {
  const auto found = std::find_if(methods.begin(), methods.end(),
                                  [&](const Method& method) { return method.name == name; });
  return found == methods.end() ? nullptr : &*found;
}

}  // namespace

std::span<const Method> list_methods() {
  return kListMethods;
}
std::span<const Method> dict_methods() {
  return kDictMethods;
}

const Method* find_method(const Value& self, std::string_view name) {
  if (self.is_text()) return find_in(text_methods(), name);
  if (const List* list = self.list()) {
    const bool changes = name != "index" && name != "count";
    return list->is_tuple && changes ? nullptr : find_in(list_methods(), name);
  }
  if (const Dict* dict = self.dict(); dict && !dict->is_namespace) {
    return find_in(dict_methods(), name);
  }
  return nullptr;
}

}  // namespace youtu::jinja
