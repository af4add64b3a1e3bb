// Filters over lists, dicts and texts as sequences.
#include "text/jinja/builtins.h"
#include "text/jinja/comparison.h"
#include "text/jinja/letter_case.h"
#include "text/jinja/operations.h"
#include "text/jinja/printing.h"
#include "text/jinja/text_edits.h"

#include <algorithm>
#include <optional>
#include <string>

namespace youtu::jinja {

namespace {

// The size of a sequence, nothing for other values.
std::optional<size_t> size_of(const Value& value) {
  if (value.is_undefined()) return 0;
  if (value.is_text()) return count_characters(value.bytes());
  if (const List* list = value.list()) return list->items.size();
  if (const Dict* dict = value.dict(); dict && !dict->is_namespace) return dict->size();
  return std::nullopt;
}

Value length_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "length", arguments, {});
  const auto size = size_of(input);
  if (!size) return execution.fail(std::string(type_name(input)) + " has no length");
  return static_cast<int64_t>(*size);
}

Value default_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "default", arguments, {"default_value", "boolean"});
  const bool replaces = input.is_undefined() || (args.bool_or(1, false) && !is_truthy(input));
  if (!replaces) return input;
  return args.has(0) ? args[0] : execution.make_trusted("");
}

Value join_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "join", arguments, {"d", "attribute"});
  const Value separator = to_text(execution, args[0]);
  const std::string_view attribute = args.bytes_or(1, "");
  std::vector<Value> items = items_of(execution, input);
  if (args.has(1)) {
    for (Value& item : items) item = get_path(execution, item, attribute);
  }
  return execution.failed() ? Value() : join(execution, items, separator.text());
}

template <bool last>
Value end_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, last ? "last" : "first", arguments, {});
  const std::vector<Value> items = items_of(execution, input);
  if (items.empty()) return {};
  return last ? items.back() : items.front();
}

bool is_from_message(const Value& value) {
  const List* list = value.list();
  const Dict* dict = value.dict();
  return (list && list->from_message) || (dict && dict->from_message);
}

// A list that was made from `origin` and is no more trusted than it.
Value list_like(Execution& execution, const Value& origin, std::vector<Value> items) {
  List* list = execution.make_list(std::move(items));
  list->from_message = is_from_message(origin);
  return list;
}

Value list_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "list", arguments, {});
  return list_like(execution, input, items_of(execution, input));
}

Value items_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "items", arguments, {});
  if (input.is_undefined()) return execution.make_list();
  const Method* items = input.dict() ? find_method(input, "items") : nullptr;
  if (!items) return execution.fail("items needs a dict, not " + std::string(type_name(input)));
  return items->call(execution, input, {});
}

Value reverse_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "reverse", arguments, {});
  if (input.is_text()) return get_slice(execution, input, {}, {}, int64_t{-1});
  std::vector<Value> items = items_of(execution, input);
  std::reverse(items.begin(), items.end());
  return list_like(execution, input, std::move(items));
}

// What an item is sorted, grouped or compared by.
Value sort_key(Execution& execution, const Value& item, const Value& attribute,
               bool case_sensitive) {
  Value key = item;
  if (attribute.is_text()) {
    key = get_path(execution, item, attribute.bytes());
  } else if (attribute.is_integer()) {
    key = get_item(execution, item, attribute);
  }
  return key.is_text() && !case_sensitive ? change_case(execution, key.text(), LetterCase::kLower)
                                          : key;
}

struct Keyed {
  Value key;
  Value item;
};

std::vector<Keyed> with_keys(Execution& execution, std::vector<Value> items, const Value& attribute,
                             bool case_sensitive) {
  std::vector<Keyed> keyed;
  keyed.reserve(items.size());
  for (Value& item : items) {
    if (execution.failed()) break;
    Value key = sort_key(execution, item, attribute, case_sensitive);
    keyed.push_back({std::move(key), std::move(item)});
  }
  return keyed;
}

// Stable, also in reverse. After a failure the order is any.
void sort_by_key(Execution& execution, std::vector<Keyed>& keyed, bool reverse) {
  // Merging by hand: std::stable_sort may misbehave if the order is inconsistent, which it is for
  // NaN and after a failure.
  std::vector<Keyed> merged;
  for (size_t width = 1; width < keyed.size() && !execution.failed(); width *= 2) {
    merged.clear();
    for (size_t begin = 0; begin < keyed.size(); begin += 2 * width) {
      const size_t middle = std::min(begin + width, keyed.size());
      const size_t end = std::min(begin + 2 * width, keyed.size());
      size_t left = begin;
      size_t right = middle;
      while (left < middle || right < end) {
        bool takes_right = left == middle;
        if (left < middle && right < end) {
          takes_right = reverse ? less(execution, keyed[left].key, keyed[right].key)
                                : less(execution, keyed[right].key, keyed[left].key);
        }
        merged.push_back(std::move(keyed[takes_right ? right++ : left++]));
      }
    }
    keyed.swap(merged);
  }
}

Value sort_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "sort", arguments,
                            {"reverse", "case_sensitive", "attribute"});
  auto keyed = with_keys(execution, items_of(execution, input), args[2], args.bool_or(1, false));
  sort_by_key(execution, keyed, args.bool_or(0, false));
  std::vector<Value> items;
  for (Keyed& entry : keyed) items.push_back(std::move(entry.item));
  return list_like(execution, input, std::move(items));
}

Value dictsort_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "dictsort", arguments, {"case_sensitive", "by", "reverse"});
  const std::string_view by = args.bytes_or(1, "key");
  if (by != "key" && by != "value") return execution.fail("dictsort: by must be key or value");
  const Value pairs = items_filter(execution, input, {});
  if (execution.failed()) return {};
  auto keyed =
      with_keys(execution, pairs.list()->items, int64_t{by == "value"}, args.bool_or(0, false));
  sort_by_key(execution, keyed, args.bool_or(2, false));
  std::vector<Value> items;
  for (Keyed& entry : keyed) items.push_back(std::move(entry.item));
  return list_like(execution, input, std::move(items));
}

Value unique_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "unique", arguments, {"case_sensitive", "attribute"});
  const auto keyed =
      with_keys(execution, items_of(execution, input), args[1], args.bool_or(0, false));
  std::vector<const Keyed*> kept;
  for (const Keyed& entry : keyed) {
    const bool is_new = std::none_of(kept.begin(), kept.end(), [&](const Keyed* other) {
      return execution.failed() || equal(execution, other->key, entry.key);
    });
    if (is_new) kept.push_back(&entry);
  }
  std::vector<Value> items;
  for (const Keyed* entry : kept) items.push_back(entry->item);
  return list_like(execution, input, std::move(items));
}

Value sum_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "sum", arguments, {"attribute", "start"});
  Value total = args.has(1) ? args[1] : Value(int64_t{0});
  for (const Value& item : items_of(execution, input)) {
    if (execution.failed()) break;
    execution.charge(1);
    const bool has_path = args[0].is_text();
    total = apply(execution, BinaryOp::kAdd, total,
                  has_path ? get_path(execution, item, args[0].bytes()) : item);
  }
  return total;
}

template <bool largest>
Value extreme_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, largest ? "max" : "min", arguments,
                            {"case_sensitive", "attribute"});
  const auto keyed =
      with_keys(execution, items_of(execution, input), args[1], args.bool_or(0, false));
  const Keyed* best = nullptr;
  for (const Keyed& entry : keyed) {
    if (execution.failed()) break;
    if (!best ||
        (largest ? less(execution, best->key, entry.key) : less(execution, entry.key, best->key))) {
      best = &entry;
    }
  }
  return best ? best->item : Value();
}

Value batch_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "batch", arguments, {"linecount", "fill_with"}, 1);
  const int64_t size = args.integer_or(0, 1);
  if (size < 1 || size > static_cast<int64_t>(kMaxListItems)) {
    return execution.fail("batch: the size must be 1 to " + std::to_string(kMaxListItems));
  }
  List* batches = execution.make_list();
  List* batch = nullptr;
  for (const Value& item : items_of(execution, input)) {
    if (!batch || batch->items.size() == static_cast<size_t>(size)) {
      batch = execution.make_list();
      execution.push(*batches, batch);
    }
    execution.push(*batch, item);
    if (execution.failed()) return {};
  }
  while (batch && args.has(1) && !args[1].is_none() && !execution.failed() &&
         batch->items.size() < static_cast<size_t>(size)) {
    execution.push(*batch, args[1]);
  }
  return batches;
}

Value groupby_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "groupby", arguments,
                            {"attribute", "default", "case_sensitive"}, 1);
  auto keyed = with_keys(execution, items_of(execution, input), args[0], args.bool_or(2, false));
  for (Keyed& entry : keyed) {
    if (entry.key.is_undefined() && args.has(1)) entry.key = args[1];
  }
  sort_by_key(execution, keyed, false);
  List* groups = execution.make_list();
  Value last_key;
  List* group = nullptr;
  for (Keyed& entry : keyed) {
    if (execution.failed()) break;
    if (!group || !equal(execution, last_key, entry.key)) {
      group = execution.make_list();
      last_key = entry.key;
      execution.push(*groups,
                     execution.make_tuple({sort_key(execution, entry.item, args[0], true), group}));
    }
    execution.push(*group, entry.item);
  }
  return groups;
}

constexpr Filter kSequenceFilters[] = {
    {"length", length_filter},     {"count", length_filter}, {"default", default_filter},
    {"d", default_filter},         {"join", join_filter},    {"first", end_filter<false>},
    {"last", end_filter<true>},    {"list", list_filter},    {"items", items_filter},
    {"reverse", reverse_filter},   {"sort", sort_filter},    {"dictsort", dictsort_filter},
    {"unique", unique_filter},     {"sum", sum_filter},      {"min", extreme_filter<false>},
    {"max", extreme_filter<true>}, {"batch", batch_filter},  {"groupby", groupby_filter},
};

}  // namespace

std::span<const Filter> sequence_filters() {
  return kSequenceFilters;
}

}  // namespace youtu::jinja
