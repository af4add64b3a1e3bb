// Filters that apply another filter or a test to every item: map, select, reject and their kin; and
// how a filter is found by its name.
#include "text/jinja/builtins.h"
#include "text/jinja/execution.h"
#include "text/jinja/operations.h"

#include <algorithm>
#include <array>
#include <string>

namespace youtu::jinja {

namespace {

// `arguments` without the first `count` positional ones.
Arguments without_first(const Arguments& arguments, size_t count) {
  Arguments rest = arguments;
  const size_t dropped = std::min(count, rest.positional.size());
  rest.positional.erase(rest.positional.begin(),
                        rest.positional.begin() + static_cast<std::ptrdiff_t>(dropped));
  return rest;
}

Value map_attribute(Execution& execution, const Value& input, const Arguments& arguments) {
  const BoundArguments args(execution, "map", arguments, {"attribute", "default"});
  List* out = execution.make_list();
  for (const Value& item : items_of(execution, input)) {
    if (execution.failed()) break;
    Value value = args[0].is_text() ? get_path(execution, item, args[0].bytes())
                                    : get_item(execution, item, args[0]);
    if (value.is_undefined() && args.has(1)) value = args[1];
    execution.push(*out, std::move(value));
  }
  return out;
}

Value map_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  if (arguments.positional.empty()) {
    if (arguments.keywords.empty()) return execution.fail("map needs a filter or an attribute");
    return map_attribute(execution, input, arguments);
  }
  const Value& name = arguments.positional[0];
  const Filter* filter = name.is_text() ? find_filter(name.bytes()) : nullptr;
  if (!filter) return execution.fail("map: there is no such filter");
  const Arguments rest = without_first(arguments, 1);
  List* out = execution.make_list();
  for (const Value& item : items_of(execution, input)) {
    if (execution.failed()) break;
    execution.charge(1);
    execution.charge_reading(item);
    execution.push(*out, filter->apply(execution, item, rest));
  }
  return out;
}

// Keeps the items for which the test holds, or fails, of the item or of one of its attributes.
// Without a test: the truth of the value.
template <bool keeps, bool of_attribute>
Value select_filter(Execution& execution, const Value& input, const Arguments& arguments) {
  constexpr size_t kTestPlace = of_attribute ? 1 : 0;
  if (of_attribute && (arguments.positional.empty() || !arguments.positional[0].is_text())) {
    return execution.fail("selectattr and rejectattr need the name of an attribute");
  }
  const Predicate* predicate = nullptr;
  if (arguments.positional.size() > kTestPlace) {
    const Value& name = arguments.positional[kTestPlace];
    predicate = name.is_text() ? find_predicate(name.bytes()) : nullptr;
    if (!predicate) return execution.fail("select and reject: there is no such test");
  }
  const Arguments rest = without_first(arguments, kTestPlace + 1);
  List* out = execution.make_list();
  for (const Value& item : items_of(execution, input)) {
    if (execution.failed()) break;
    execution.charge(1);
    const Value value =
        of_attribute ? get_path(execution, item, arguments.positional[0].bytes()) : item;
    const bool holds = predicate ? predicate->holds(execution, value, rest) : is_truthy(value);
    if (holds == keeps) execution.push(*out, item);
  }
  return out;
}

constexpr Filter kSelectionFilters[] = {
    {"map", map_filter},
    {"select", select_filter<true, false>},
    {"reject", select_filter<false, false>},
    {"selectattr", select_filter<true, true>},
    {"rejectattr", select_filter<false, true>},
};

}  // namespace

std::span<const Filter> selection_filters() {
  return kSelectionFilters;
}

const Filter* find_filter(std::string_view name) {
  for (const auto table :
       {text_filters(), number_filters(), sequence_filters(), selection_filters()}) {
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const Filter& filter) { return filter.name == name; });
    if (found != table.end()) return &*found;
  }
  return nullptr;
}

}  // namespace youtu::jinja
