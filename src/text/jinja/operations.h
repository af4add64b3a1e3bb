// What the syntax of expressions does: arithmetic, attributes, items, slices, iteration.
#pragma once

#include "text/jinja/ast.h"
#include "text/jinja/execution.h"

#include <string>
#include <string_view>
#include <vector>

namespace youtu::jinja {

Value apply(Execution& execution, BinaryOp op, const Value& left, const Value& right);
Value apply(Execution& execution, UnaryOp op, const Value& operand);
bool apply(Execution& execution, CompareOp op, const Value& left, const Value& right);

// object.name: a method first, then an item of that name, else undefined. Names that begin with two
// underscores are always undefined. `name` must outlive the execution.
Value get_attribute(Execution& execution, const Value& object, const std::string& name);
// object[index]: an item first, then a method.
Value get_item(Execution& execution, const Value& object, const Value& index);
// "a.b.0" as filters take it: items of items.
Value get_path(Execution& execution, const Value& object, std::string_view path);

// object[start:stop:step]; undefined or none bounds are absent ones.
Value get_slice(Execution& execution, const Value& object, const Value& start, const Value& stop,
                const Value& step);

// The items of a list, the keys of a dict, the characters of a text; none of an undefined value.
// Fails for everything else.
std::vector<Value> items_of(Execution& execution, const Value& value);

}  // namespace youtu::jinja
