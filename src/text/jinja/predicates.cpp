// What Jinja calls tests: `x is defined`.
#include "text/jinja/builtins.h"
#include "text/jinja/comparison.h"
#include "text/jinja/execution.h"
#include "text/jinja/letter_case.h"
#include "text/jinja/operations.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace youtu::jinja {

namespace {

// Predicates of the value alone.
bool is_defined(const Value& value) {
  return !value.is_undefined();
}
bool is_undefined(const Value& value) {
  return value.is_undefined();
}
bool is_none(const Value& value) {
  return value.is_none();
}
bool is_boolean(const Value& value) {
  return value.is_bool();
}
bool is_true(const Value& value) {
  return value.is_bool() && value.as_bool();
}
bool is_false(const Value& value) {
  return value.is_bool() && !value.as_bool();
}
bool is_string(const Value& value) {
  return value.is_text();
}
bool is_number(const Value& value) {
  return value.is_number();
}
bool is_integer(const Value& value) {
  return value.is_integer();
}
bool is_float(const Value& value) {
  return value.is_float();
}
bool is_mapping(const Value& value) {
  return value.dict() && !value.dict()->is_namespace;
}
// An undefined value is an empty sequence.
bool is_sequence(const Value& value) {
  return value.is_undefined() || value.is_text() || value.list() || is_mapping(value);
}
bool is_callable(const Value& value) {
  return value.object() && value.object()->is_callable();
}

template <bool (*holds)(const Value&)>
bool plain(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "this test", arguments, {});
  return holds(input);
}

template <CompareOp op>
bool compares(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "this test", arguments, {"other"}, 1);
  return !execution.failed() && apply(execution, op, input, args[0]);
}

bool is_divisible(Execution& execution, const Value& input, const Value& divisor) {
  const Value rest = apply(execution, BinaryOp::kModulo, input, divisor);
  return rest.is_number() && rest.as_float() == 0;
}

template <bool even>
bool is_even(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "this test", arguments, {});
  const Value rest = apply(execution, BinaryOp::kModulo, input, int64_t{2});
  return rest.is_number() && rest.as_float() == (even ? 0 : 1);
}

bool divisible_by(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "divisibleby", arguments, {"num"}, 1);
  return !execution.failed() && is_divisible(execution, input, args[0]);
}

// `is sameas`: identity for containers; numbers and texts are the same if they are equal and of one
// type.
bool same_as(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "sameas", arguments, {"other"}, 1);
  const Value& other = args[0];
  if (input.list() || other.list()) return input.list() == other.list();
  if (input.dict() || other.dict()) return input.dict() == other.dict();
  return type_name(input) == type_name(other) && equal(execution, input, other);
}

template <bool upper>
bool has_case(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "this test", arguments, {});
  const Method* method =
      input.is_text() ? find_method(input, upper ? "isupper" : "islower") : nullptr;
  return method && is_true(method->call(execution, input, {}));
}

bool is_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "filter", arguments, {});
  return input.is_text() && find_filter(input.bytes());
}

bool is_test(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "test", arguments, {});
  return input.is_text() && find_predicate(input.bytes());
}

constexpr Predicate kPredicates[] = {
    {"defined", plain<is_defined>},
    {"undefined", plain<is_undefined>},
    {"none", plain<is_none>},
    {"boolean", plain<is_boolean>},
    {"true", plain<is_true>},
    {"false", plain<is_false>},
    {"string", plain<is_string>},
    {"number", plain<is_number>},
    {"integer", plain<is_integer>},
    {"float", plain<is_float>},
    {"mapping", plain<is_mapping>},
    {"sequence", plain<is_sequence>},
    {"iterable", plain<is_sequence>},
    {"callable", plain<is_callable>},
    {"even", is_even<true>},
    {"odd", is_even<false>},
    {"divisibleby", divisible_by},
    {"sameas", same_as},
    {"upper", has_case<true>},
    {"lower", has_case<false>},
    {"filter", is_filter},
    {"test", is_test},
    {"in", compares<CompareOp::kIn>},
    {"==", compares<CompareOp::kEqual>},
    {"eq", compares<CompareOp::kEqual>},
    {"equalto", compares<CompareOp::kEqual>},
    {"!=", compares<CompareOp::kNotEqual>},
    {"ne", compares<CompareOp::kNotEqual>},
    {">", compares<CompareOp::kGreater>},
    {"gt", compares<CompareOp::kGreater>},
    {"greaterthan", compares<CompareOp::kGreater>},
    {">=", compares<CompareOp::kGreaterEqual>},
    {"ge", compares<CompareOp::kGreaterEqual>},
    {"<", compares<CompareOp::kLess>},
    {"lt", compares<CompareOp::kLess>},
    {"lessthan", compares<CompareOp::kLess>},
    {"<=", compares<CompareOp::kLessEqual>},
    {"le", compares<CompareOp::kLessEqual>},
};

}  // namespace

const Predicate* find_predicate(std::string_view name) {
  const auto* found = std::find_if(std::begin(kPredicates), std::end(kPredicates),
                                   [&](const Predicate& entry) { return entry.name == name; });
  return found == std::end(kPredicates) ? nullptr : found;
}

}  // namespace youtu::jinja
