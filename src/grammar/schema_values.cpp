#include "grammar/schema_values.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "base/check.h"
#include "grammar/json_schema.h"
#include "grammar/schema_document.h"
#include "grammar/schema_keywords.h"

namespace youtu {
namespace {

// Of types that have few values.
std::vector<OrderedJson> values_of_types(const std::vector<std::string>& types) {
  std::vector<OrderedJson> values;
  for (const std::string& type : types) {
    if (type == "boolean") {
      values.push_back(true);
      values.push_back(false);
    } else {
      values.push_back(nullptr);
    }
  }
  return values;
}

std::vector<OrderedJson> without_equals(const std::vector<OrderedJson>& values) {
  std::vector<OrderedJson> different;
  std::set<Json> known;
  for (const OrderedJson& value : values) {
    if (known.insert(Json(value)).second) different.push_back(value);
  }
  return different;
}

}  // namespace

bool are_equal(const OrderedJson& a, const OrderedJson& b) {
  return Json(a) == Json(b);
}

bool has_type(const OrderedJson& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "number") return value.is_number();
  if (!value.is_number_float()) return value.is_number();
  const double number = value.get<double>();
  return number == std::trunc(number);
}

Result<std::vector<OrderedJson>> constants_of(const OrderedJson& schema, const SchemaPlace& place) {
  const char* keyword = schema.contains("enum") ? "enum" : "const";
  const OrderedJson list =
      schema.contains("enum") ? schema["enum"] : OrderedJson::array({schema["const"]});
  if (!list.is_array() || list.size() > kMaxEnumValues) {
    return invalid_schema(place.below(keyword), "this must be a list of at most " +
                                                    std::to_string(kMaxEnumValues) + " values");
  }
  for (const auto& [name, value] : schema.items()) {
    if (!is_constraining(name) || name == "enum" || name == "const" || name == "type") continue;
    return unsupported_schema(place.below(name),
                              std::string("this is not supported beside ") + keyword);
  }
  const auto types = types_of(schema, place);
  RETURN_IF_ERROR(types);
  std::vector<OrderedJson> values;
  for (const OrderedJson& value : list) {
    const bool is_const = !schema.contains("const") || are_equal(schema["const"], value);
    const bool is_of_type =
        std::ranges::any_of(*types, [&](const std::string& type) { return has_type(value, type); });
    if (is_const && is_of_type) values.push_back(value);
  }
  if (values.empty()) {
    return invalid_schema(place.below(keyword), "no value is left that the other keywords allow");
  }
  return values;
}

Result<std::optional<std::vector<OrderedJson>>> listed_values(const OrderedJson& schema,
                                                              const SchemaPlace& place) {
  using Values = std::optional<std::vector<OrderedJson>>;
  if (schema.contains("enum") || schema.contains("const")) {
    const auto constants = constants_of(schema, place);
    RETURN_IF_ERROR(constants);
    return Values(without_equals(*constants));
  }
  const auto types = types_of(schema, place);
  RETURN_IF_ERROR(types);
  const bool are_few = std::ranges::all_of(
      *types, [](const std::string& type) { return type == "boolean" || type == "null"; });
  OrderedJson rest = schema;
  rest.erase("type");
  if (!are_few || has_constraints(rest)) return Values();
  return Values(without_equals(values_of_types(*types)));
}

}  // namespace youtu
