#include "grammar/schema_disjoint.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"

namespace youtu {
namespace {

// The values of an enum or a const.
std::optional<OrderedJson> values_of(const OrderedJson& schema) {
  if (const auto value = schema.find("const"); value != schema.end()) {
    return OrderedJson::array({*value});
  }
  const auto values = schema.find("enum");
  if (values != schema.end() && values->is_array()) return *values;
  return std::nullopt;
}

std::string type_name(const OrderedJson& value) {
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "boolean";
  if (value.is_null()) return "null";
  if (value.is_object()) return "object";
  if (value.is_array()) return "array";
  return "number";
}

// Types, where an integer is just a number; of an enum those of its values.
Result<std::vector<std::string>> broad_types(const OrderedJson& schema, const SchemaPlace& place) {
  std::vector<std::string> types;
  if (const auto values = values_of(schema)) {
    for (const OrderedJson& value : *values) types.push_back(type_name(value));
  } else {
    auto named = types_of(schema, place);
    RETURN_IF_ERROR(named);
    types = *std::move(named);
    std::ranges::replace(types, "integer", "number");
  }
  std::ranges::sort(types);
  types.erase(std::ranges::unique(types).begin(), types.end());
  return types;
}

bool requires_property(const OrderedJson& schema, const std::string& name) {
  const auto required = schema.find("required");
  return required != schema.end() && required->is_array() &&
         std::ranges::find(*required, OrderedJson(name)) != required->end();
}

const OrderedJson* property_of(const OrderedJson& schema, const std::string& name) {
  const auto properties = schema.find("properties");
  if (properties == schema.end() || !properties->is_object()) return nullptr;
  const auto found = properties->find(name);
  return found == properties->end() ? nullptr : &*found;
}

Result<bool> has_telling_property(SchemaDocument& document, const OrderedJson& a,
                                  const OrderedJson& b, const SchemaPlace& place) {
  const auto properties = a.find("properties");
  if (properties == a.end() || !properties->is_object()) return false;
  for (const auto& [name, first] : properties->items()) {
    const OrderedJson* second = property_of(b, name);
    if (second == nullptr || !requires_property(a, name) || !requires_property(b, name)) continue;
    const auto disjoint = are_disjoint(document, first, *second, place.below("properties", name));
    RETURN_IF_ERROR(disjoint);
    if (*disjoint) return true;
  }
  return false;
}

}  // namespace

Result<bool> are_disjoint(SchemaDocument& document, const OrderedJson& a, const OrderedJson& b,
                          const SchemaPlace& place) {
  if (!a.is_object() || !b.is_object()) return false;
  const auto first = document.flatten(a, place);
  RETURN_IF_ERROR(first);
  const auto second = document.flatten(b, place);
  RETURN_IF_ERROR(second);
  const auto first_types = broad_types(*first, place);
  RETURN_IF_ERROR(first_types);
  const auto second_types = broad_types(*second, place);
  RETURN_IF_ERROR(second_types);
  std::vector<std::string> types;
  std::ranges::set_intersection(*first_types, *second_types, std::back_inserter(types));
  if (types.empty()) return true;

  const auto first_values = values_of(*first);
  const auto second_values = values_of(*second);
  if (first_values && second_values) {
    return std::ranges::none_of(*first_values, [&](const OrderedJson& value) {
      return std::ranges::find(*second_values, value) != second_values->end();
    });
  }
  if (types != std::vector<std::string>{"object"}) return false;
  return has_telling_property(document, *first, *second, place);
}

}  // namespace youtu
