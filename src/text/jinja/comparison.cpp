#include "text/jinja/comparison.h"

#include "text/jinja/text_search.h"

#include <algorithm>
#include <string>

namespace youtu::jinja {

namespace {

bool equal_at(Execution& execution, const Value& a, const Value& b, int depth);

bool equal_lists(Execution& execution, const List& a, const List& b, int depth) {
  if (a.is_tuple != b.is_tuple || a.items.size() != b.items.size()) return false;
  for (size_t i = 0; i < a.items.size(); ++i) {
    if (!equal_at(execution, a.items[i], b.items[i], depth + 1)) return false;
  }
  return true;
}

bool equal_dicts(Execution& execution, const Dict& a, const Dict& b, int depth) {
  if (a.is_namespace || b.is_namespace) return &a == &b;
  if (a.size() != b.size()) return false;
  for (const Dict::Entry& entry : a.entries()) {
    const Value* other = b.find(entry.key);
    if (!other || !equal_at(execution, entry.value, *other, depth + 1)) return false;
  }
  return true;
}

bool equal_at(Execution& execution, const Value& a, const Value& b, int depth) {
  execution.charge(1);
  if (depth > kMaxDataDepth) execution.fail_limit("nesting of data", kMaxDataDepth);
  if (execution.failed()) return false;
  if (a.is_number() && b.is_number()) {
    if (a.is_float() || b.is_float()) return a.as_float() == b.as_float();
    return a.as_integer() == b.as_integer();
  }
  if (a.is_text() && b.is_text()) {
    execution.charge_reading(a);
    return a.bytes() == b.bytes();
  }
  if (a.list() && b.list()) return equal_lists(execution, *a.list(), *b.list(), depth);
  if (a.dict() && b.dict()) return equal_dicts(execution, *a.dict(), *b.dict(), depth);
  if (a.object() || b.object()) return a.object() == b.object();
  return (a.is_none() && b.is_none()) || (a.is_undefined() && b.is_undefined());
}

bool less_at(Execution& execution, const Value& a, const Value& b, int depth) {
  execution.charge(1);
  if (depth > kMaxDataDepth) execution.fail_limit("nesting of data", kMaxDataDepth);
  if (execution.failed()) return false;
  if (a.is_number() && b.is_number()) {
    if (a.is_float() || b.is_float()) return a.as_float() < b.as_float();
    return a.as_integer() < b.as_integer();
  }
  // UTF-8 sorts by bytes as its code points do.
  if (a.is_text() && b.is_text()) {
    execution.charge_reading(a);
    return a.bytes() < b.bytes();
  }
  const List* x = a.list();
  const List* y = b.list();
  if (x && y && x->is_tuple == y->is_tuple) {
    const size_t common = std::min(x->items.size(), y->items.size());
    for (size_t i = 0; i < common; ++i) {
      if (!equal_at(execution, x->items[i], y->items[i], depth + 1)) {
        return less_at(execution, x->items[i], y->items[i], depth + 1);
      }
    }
    return x->items.size() < y->items.size();
  }
  for (const Value* value : {&a, &b}) {
    if (value->is_undefined()) execution.fail(undefined_message(*value));
  }
  execution.fail("cannot order " + std::string(type_name(a)) + " and " + std::string(type_name(b)));
  return false;
}

}  // namespace

bool equal(Execution& execution, const Value& a, const Value& b) {
  return equal_at(execution, a, b, 0);
}

bool less(Execution& execution, const Value& a, const Value& b) {
  return less_at(execution, a, b, 0);
}

bool contains(Execution& execution, const Value& container, const Value& item) {
  execution.charge_reading(container);
  if (container.is_undefined()) return false;
  if (container.is_text()) {
    if (!item.is_text()) {
      execution.fail("'in' a str needs a str, not " + std::string(type_name(item)));
      return false;
    }
    return find_first(container.bytes(), item.bytes()) != std::string_view::npos;
  }
  if (const List* list = container.list()) {
    return std::any_of(list->items.begin(), list->items.end(), [&](const Value& candidate) {
      return !execution.failed() && equal(execution, candidate, item);
    });
  }
  if (const Dict* dict = container.dict(); dict && !dict->is_namespace) {
    return Dict::is_key(item) && dict->find(item) != nullptr;
  }
  execution.fail(std::string(type_name(container)) + " is not iterable");
  return false;
}

}  // namespace youtu::jinja
