#include "text/jinja/operations.h"

#include "text/jinja/comparison.h"
#include "text/jinja/text_search.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace youtu::jinja {

namespace {

std::string_view spelling(BinaryOp op) {
  switch (op) {
    case BinaryOp::kAdd:
      return "+";
    case BinaryOp::kSubtract:
      return "-";
    case BinaryOp::kMultiply:
      return "*";
    case BinaryOp::kDivide:
      return "/";
    case BinaryOp::kFloorDivide:
      return "//";
    case BinaryOp::kModulo:
      return "%";
    case BinaryOp::kPower:
      return "**";
  }
  return {};
}

// Python's % has the sign of the divisor.
double float_modulo(double a, double b) {
  const double rest = std::fmod(a, b);
  if (rest != 0) return (rest < 0) != (b < 0) ? rest + b : rest;
  return std::copysign(0.0, b);
}

double float_floor_divide(double a, double b) {
  const double rest = float_modulo(a, b);
  const double quotient = (a - rest) / b;
  const double floored = std::floor(quotient);
  return quotient - floored > 0.5 ? floored + 1 : floored;
}

Value apply_to_floats(Execution& execution, BinaryOp op, double a, double b) {
  const bool divides =
      op == BinaryOp::kDivide || op == BinaryOp::kFloorDivide || op == BinaryOp::kModulo;
  if (divides && b == 0) return execution.fail("division by zero");
  switch (op) {
    case BinaryOp::kAdd:
      return a + b;
    case BinaryOp::kSubtract:
      return a - b;
    case BinaryOp::kMultiply:
      return a * b;
    case BinaryOp::kDivide:
      return a / b;
    case BinaryOp::kFloorDivide:
      return float_floor_divide(a, b);
    case BinaryOp::kModulo:
      return float_modulo(a, b);
    case BinaryOp::kPower: {
      if (a == 0 && b < 0) return execution.fail("zero cannot be raised to a negative power");
      const double power = std::pow(a, b);
      if (std::isnan(power) && !std::isnan(a) && !std::isnan(b)) {
        return execution.fail("a complex number is not supported");
      }
      if (std::isinf(power) && std::isfinite(a) && std::isfinite(b)) {
        return execution.fail("a number is out of range");
      }
      return power;
    }
  }
  return {};
}

std::optional<int64_t> integer_power(int64_t base, int64_t exponent) {
  int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) && __builtin_mul_overflow(result, base, &result)) return std::nullopt;
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) return std::nullopt;
  }
  return result;
}

Value apply_to_integers(Execution& execution, BinaryOp op, int64_t a, int64_t b) {
  constexpr std::string_view kOverflow = "an integer is out of range (64 bits)";
  if (op == BinaryOp::kDivide || (op == BinaryOp::kPower && b < 0)) {
    return apply_to_floats(execution, op, static_cast<double>(a), static_cast<double>(b));
  }
  int64_t result = 0;
  bool overflow = false;
  switch (op) {
    case BinaryOp::kAdd:
      overflow = __builtin_add_overflow(a, b, &result);
      break;
    case BinaryOp::kSubtract:
      overflow = __builtin_sub_overflow(a, b, &result);
      break;
    case BinaryOp::kMultiply:
      overflow = __builtin_mul_overflow(a, b, &result);
      break;
    case BinaryOp::kPower: {
      const auto power = integer_power(a, b);
      overflow = !power;
      result = power.value_or(0);
      break;
    }
    default: {
      if (b == 0) return execution.fail("division by zero");
      if (b == -1) {  // the one quotient that can overflow
        overflow = __builtin_sub_overflow(int64_t{0}, a, &result);
        if (op == BinaryOp::kModulo) return int64_t{0};
        break;
      }
      const int64_t rest = a % b;
      const bool adjusts = rest != 0 && (rest < 0) != (b < 0);
      result = op == BinaryOp::kModulo ? rest + (adjusts ? b : 0) : a / b - (adjusts ? 1 : 0);
    }
  }
  return overflow ? execution.fail(kOverflow) : Value(result);
}

Value repeat_text(Execution& execution, const TracedText& text, int64_t count) {
  TextBuilder out(execution);
  if (text.empty()) count = 0;
  for (int64_t i = 0; i < count && !execution.failed(); ++i) {
    execution.charge(i % 64 == 0 ? 1 : 0);
    out.append(text);
  }
  return out.finish();
}

Value repeat_list(Execution& execution, const List& list, int64_t count) {
  List* out = execution.make_list();
  out->is_tuple = list.is_tuple;
  out->from_message = list.from_message;
  if (list.items.empty()) count = 0;
  for (int64_t i = 0; i < count && !execution.failed(); ++i) {
    for (const Value& item : list.items) {
      execution.push(*out, item);
      if (execution.failed()) break;
    }
  }
  return out;
}

Value join_lists(Execution& execution, const List& a, const List& b) {
  std::vector<Value> items = a.items;
  items.insert(items.end(), b.items.begin(), b.items.end());
  List* out = execution.make_list(std::move(items));
  out->is_tuple = a.is_tuple;
  out->from_message = a.from_message || b.from_message;
  return out;
}

// + and * on texts and lists; nothing if the operands are others.
std::optional<Value> apply_to_sequences(Execution& execution, BinaryOp op, const Value& a,
                                        const Value& b) {
  if (op == BinaryOp::kAdd) {
    if (a.is_text() && b.is_text()) {
      TextBuilder out(execution);
      out.append(a.text());
      out.append(b.text());
      return out.finish();
    }
    if (a.list() && b.list() && a.list()->is_tuple == b.list()->is_tuple) {
      return join_lists(execution, *a.list(), *b.list());
    }
  }
  if (op == BinaryOp::kMultiply) {
    const bool swapped = a.is_integer() || a.is_bool();
    const Value& sequence = swapped ? b : a;
    const Value& count = swapped ? a : b;
    if (count.is_integer() || count.is_bool()) {
      if (sequence.is_text()) return repeat_text(execution, sequence.text(), count.as_integer());
      if (sequence.list()) return repeat_list(execution, *sequence.list(), count.as_integer());
    }
  }
  return std::nullopt;
}

Value get_method(Execution& execution, const Value& object, std::string_view name);

class BoundMethod : public Object {
 public:
  BoundMethod(const Method& method, Value self) : method_(method), self_(std::move(self)) {}
  std::string_view kind() const override { return "method"; }
  std::string_view name() const override { return method_.name; }
  Value call(Execution& execution, const Arguments& arguments) override {
    execution.charge_reading(self_);
    return method_.call(execution, self_, arguments);
  }

 private:
  const Method& method_;
  Value self_;
};

Value get_method(Execution& execution, const Value& object, std::string_view name) {
  if (name.starts_with("__")) return {};
  if (const Method* method = find_method(object, name)) {
    return static_cast<Object*>(execution.make_object<BoundMethod>(*method, object));
  }
  if (Object* host = object.object()) return host->attribute(execution, name).value_or(Value());
  return {};
}

// The place that a Python index means, if it is inside.
std::optional<size_t> place(int64_t index, size_t size) {
  if (index < 0) index += static_cast<int64_t>(size);
  if (index < 0 || index >= static_cast<int64_t>(size)) return std::nullopt;
  return static_cast<size_t>(index);
}

struct SlicePlan {
  int64_t start;
  int64_t step;
  size_t count;
};

// Python's rules for bounds outside of the sequence and for negative steps.
SlicePlan plan_slice(int64_t size, std::optional<int64_t> start, std::optional<int64_t> stop,
                     int64_t step) {
  const int64_t low = step < 0 ? -1 : 0;
  const int64_t high = step < 0 ? size - 1 : size;
  const auto clamp = [&](std::optional<int64_t> bound, int64_t fallback) {
    if (!bound) return fallback;
    const int64_t absolute = *bound < 0 ? (*bound < -size ? low : *bound + size) : *bound;
    return std::clamp(absolute, low, high);
  };
  const int64_t first = clamp(start, step < 0 ? high : low);
  const int64_t last = clamp(stop, step < 0 ? low : high);
  const int64_t distance = step < 0 ? first - last : last - first;
  if (distance <= 0) return {first, step, 0};
  const uint64_t stride =
      step < 0 ? uint64_t{0} - static_cast<uint64_t>(step) : static_cast<uint64_t>(step);
  return {first, step, static_cast<size_t>((static_cast<uint64_t>(distance) - 1) / stride + 1)};
}

// Where element `i` of the slice is. Never overflows: it is inside the sequence.
size_t slice_place(const SlicePlan& plan, size_t i) {
  return static_cast<size_t>(plan.start + static_cast<int64_t>(i) * plan.step);
}

bool is_slice_bound(const Value& value) {
  return value.is_undefined() || value.is_none() || value.is_integer() || value.is_bool();
}
std::optional<int64_t> slice_bound(const Value& value) {
  if (value.is_integer() || value.is_bool()) return value.as_integer();
  return std::nullopt;
}

Value slice_text(Execution& execution, const TracedText& text, const SlicePlan& plan,
                 const std::vector<size_t>& offsets) {
  TextBuilder out(execution);
  if (plan.step == 1 && plan.count > 0) {
    const size_t begin = slice_place(plan, 0);
    out.append(text, offsets[begin], offsets[begin + plan.count]);
    return out.finish();
  }
  for (size_t i = 0; i < plan.count; ++i) {
    const size_t at = slice_place(plan, i);
    out.append(text, offsets[at], offsets[at + 1]);
  }
  return out.finish();
}

}  // namespace

Value apply(Execution& execution, BinaryOp op, const Value& left, const Value& right) {
  if (left.is_number() && right.is_number()) {
    if (left.is_float() || right.is_float()) {
      return apply_to_floats(execution, op, left.as_float(), right.as_float());
    }
    return apply_to_integers(execution, op, left.as_integer(), right.as_integer());
  }
  if (auto value = apply_to_sequences(execution, op, left, right)) return *value;
  if (left.is_undefined()) return execution.fail(undefined_message(left));
  if (right.is_undefined()) return execution.fail(undefined_message(right));
  return execution.fail("cannot compute " + std::string(type_name(left)) + " " +
                        std::string(spelling(op)) + " " + std::string(type_name(right)));
}

Value apply(Execution& execution, UnaryOp op, const Value& operand) {
  if (op == UnaryOp::kNot) return !is_truthy(operand);
  if (operand.is_undefined()) return execution.fail(undefined_message(operand));
  if (!operand.is_number()) {
    return execution.fail("a sign needs a number, not " + std::string(type_name(operand)));
  }
  if (op == UnaryOp::kPlus) {
    return operand.is_float() ? operand : Value(operand.as_integer());
  }
  if (operand.is_float()) return -operand.as_float();
  return apply_to_integers(execution, BinaryOp::kSubtract, 0, operand.as_integer());
}

bool apply(Execution& execution, CompareOp op, const Value& left, const Value& right) {
  switch (op) {
    case CompareOp::kEqual:
      return equal(execution, left, right);
    case CompareOp::kNotEqual:
      return !equal(execution, left, right);
    case CompareOp::kLess:
      return less(execution, left, right);
    case CompareOp::kGreater:
      return less(execution, right, left);
    // Not as the negation of the opposite, because of NaN.
    case CompareOp::kLessEqual:
      return less(execution, left, right) || equal(execution, left, right);
    case CompareOp::kGreaterEqual:
      return less(execution, right, left) || equal(execution, left, right);
    case CompareOp::kIn:
      return contains(execution, right, left);
    case CompareOp::kNotIn:
      return !contains(execution, right, left);
  }
  return false;
}

Value get_attribute(Execution& execution, const Value& object, const std::string& name) {
  if (object.is_undefined()) return execution.fail(undefined_message(object));
  Value found = get_method(execution, object, name);
  if (!found.is_undefined()) return found;
  if (const Dict* dict = object.dict(); dict && !name.starts_with("__")) {
    if (const Value* value = dict->find(name)) return *value;
  }
  return Undefined{&name};
}

Value get_item(Execution& execution, const Value& object, const Value& index) {
  if (object.is_undefined()) return execution.fail(undefined_message(object));
  if (const Dict* dict = object.dict()) {
    const Value* found = Dict::is_key(index) ? dict->find(index) : nullptr;
    if (found) return *found;
  } else if (index.is_integer() || index.is_bool()) {
    if (const List* list = object.list()) {
      const auto at = place(index.as_integer(), list->items.size());
      return at ? list->items[*at] : Value();
    }
    if (object.is_text()) {
      execution.charge_reading(object);
      const std::vector<size_t> offsets = character_offsets(object.bytes());
      const auto at = place(index.as_integer(), offsets.size() - 1);
      if (!at) return {};
      TextBuilder out(execution);
      out.append(object.text(), offsets[*at], offsets[*at + 1]);
      return out.finish();
    }
  }
  return index.is_text() ? get_method(execution, object, index.bytes()) : Value();
}

Value get_path(Execution& execution, const Value& object, std::string_view path) {
  Value value = object;
  while (!execution.failed()) {
    execution.charge(1);
    const size_t dot = std::min(path.find('.'), path.size());
    const std::string_view part = path.substr(0, dot);
    int64_t index = 0;
    const auto parsed = std::from_chars(part.data(), part.data() + part.size(), index);
    const bool is_index = !part.empty() && parsed.ec == std::errc() &&
                          parsed.ptr == part.data() + part.size() && index >= 0;
    value = get_item(execution, value, is_index ? Value(index) : execution.make_trusted(part));
    if (dot == path.size()) break;
    path.remove_prefix(dot + 1);
  }
  return value;
}

Value get_slice(Execution& execution, const Value& object, const Value& start, const Value& stop,
                const Value& step) {
  if (object.is_undefined()) return execution.fail(undefined_message(object));
  // What has no slices has no such item either, which is undefined and no error.
  if (!is_slice_bound(start) || !is_slice_bound(stop) || !is_slice_bound(step)) return {};
  const int64_t stride = slice_bound(step).value_or(1);
  if (stride == 0) return execution.fail("a slice's step is zero");
  const auto first = slice_bound(start);
  const auto last = slice_bound(stop);
  execution.charge_reading(object);
  if (object.is_text()) {
    const std::vector<size_t> offsets = character_offsets(object.bytes());
    const auto size = static_cast<int64_t>(offsets.size() - 1);
    return slice_text(execution, object.text(), plan_slice(size, first, last, stride), offsets);
  }
  const List* list = object.list();
  if (!list) return {};
  const auto size = static_cast<int64_t>(list->items.size());
  const SlicePlan plan = plan_slice(size, first, last, stride);
  std::vector<Value> items;
  items.reserve(plan.count);
  for (size_t i = 0; i < plan.count; ++i) items.push_back(list->items[slice_place(plan, i)]);
  List* out = execution.make_list(std::move(items));
  out->is_tuple = list->is_tuple;
  out->from_message = list->from_message;
  return out;
}

std::vector<Value> items_of(Execution& execution, const Value& value) {
  std::vector<Value> items;
  if (value.is_undefined()) return items;
  if (const List* list = value.list()) {
    items = list->items;
  } else if (const Dict* dict = value.dict(); dict && !dict->is_namespace) {
    for (const Dict::Entry& entry : dict->entries()) items.push_back(entry.key);
  } else if (value.is_text()) {
    const std::vector<size_t> offsets = character_offsets(value.bytes());
    execution.charge(offsets.size());
    if (offsets.size() > kMaxListItems) execution.fail_limit("items in a list", kMaxListItems);
    for (size_t i = 0; i + 1 < offsets.size() && !execution.failed(); ++i) {
      TracedText character;
      character.append(value.text(), offsets[i], offsets[i + 1]);
      items.push_back(execution.make_text(std::move(character)));
    }
  } else {
    execution.fail(std::string(type_name(value)) + " is not iterable");
  }
  execution.charge(items.size() / kItemsMadePerStep);
  return items;
}

}  // namespace youtu::jinja
