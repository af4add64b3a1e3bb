// Objects of a schema. Properties come in the order of the schema, so that each stands at one place
// only; those that are not required may be left out.
#include <algorithm>
#include <set>

#include "base/check.h"
#include "base/utf8.h"
#include "grammar/schema_compiler.h"
#include "grammar/schema_keywords.h"

namespace youtu {
namespace {

Result<std::set<std::string>> read_required(const OrderedJson& schema, const SchemaPlace& place) {
  std::set<std::string> names;
  const auto list = schema.find("required");
  if (list == schema.end()) return names;
  if (!list->is_array()) return invalid_schema(place.below("required"), "this must be a list");
  for (size_t i = 0; i < list->size(); ++i) {
    if (!(*list)[i].is_string()) {
      return invalid_schema(place.below("required", i), "this must be a string");
    }
    names.insert((*list)[i].get<std::string>());
  }
  return names;
}

bool is_false(const OrderedJson* schema) {
  return schema != nullptr && schema->is_boolean() && !schema->get<bool>();
}

Status check_counts(const OrderedJson& schema, size_t num_required, size_t num_properties,
                    bool may_have_others, const SchemaPlace& place) {
  const auto min = read_count(schema, "minProperties", place);
  RETURN_IF_ERROR(min);
  if (min->value_or(0) > num_required) {
    return unsupported_schema(place.below("minProperties"),
                              "more than the required properties cannot be asked for");
  }
  const auto max = read_count(schema, "maxProperties", place);
  RETURN_IF_ERROR(max);
  if (*max && (may_have_others || **max < num_properties)) {
    return unsupported_schema(place.below("maxProperties"),
                              "fewer properties than may stand there cannot be asked for");
  }
  return Status::ok();
}

}  // namespace

Result<std::vector<SchemaCompiler::Property>> SchemaCompiler::properties(const OrderedJson& schema,
                                                                         bool may_have_others,
                                                                         const SchemaPlace& place) {
  auto required = read_required(schema, place);
  RETURN_IF_ERROR(required);
  std::vector<Property> properties;
  if (const auto named = schema.find("properties"); named != schema.end()) {
    if (!named->is_object()) {
      return invalid_schema(place.below("properties"), "this must be an object");
    }
    for (const auto& [name, value] : named->items()) {
      properties.push_back({name, &value, required->erase(name) > 0});
    }
  }
  for (const std::string& name : *required) {
    if (!may_have_others) {
      return invalid_schema(place.below("required"),
                            "\"" + name.substr(0, 64) + "\" is required, but may not be there");
    }
    properties.push_back({name, nullptr, true});
  }
  if (properties.size() > kMaxSchemaProperties) {
    return schema_too_large(place.below("properties"),
                            "more than " + std::to_string(kMaxSchemaProperties) + " properties");
  }
  for (const Property& property : properties) {
    if (property.name.size() > kMaxPropertyNameBytes) {
      return schema_too_large(
          place.below("properties"),
          "a name of more than " + std::to_string(kMaxPropertyNameBytes) + " bytes");
    }
  }
  return properties;
}

// A member whose name is none of the properties'. Nothing if there may be none:
// additionalProperties is false, or absent beside properties, where a schema's author seldom wants
// more.
Result<std::optional<ExprId>> SchemaCompiler::other_member(const OrderedJson& schema,
                                                           const std::vector<Property>& properties,
                                                           const SchemaPlace& place) {
  const auto additional = schema.find("additionalProperties");
  const bool is_absent = additional == schema.end();
  if (is_absent ? schema.contains("properties") : *additional == false) {
    return std::optional<ExprId>();
  }
  const auto value = is_absent ? Result<ExprId>(json_.value())
                               : any(*additional, place.below("additionalProperties"));
  RETURN_IF_ERROR(value);
  std::vector<std::string> names;
  for (const Property& property : properties) names.push_back(property.name);
  return std::optional<ExprId>(shared(grammar_.sequence({json_.other_key(names), *value}), place));
}

Result<ExprId> SchemaCompiler::object(const OrderedJson& schema, const SchemaPlace& place) {
  const auto additional = schema.find("additionalProperties");
  const bool is_closed = additional != schema.end() && *additional == false;
  auto named = properties(schema, !is_closed, place);
  RETURN_IF_ERROR(named);
  const auto other = other_member(schema, *named, place);
  RETURN_IF_ERROR(other);
  std::vector<Property> present;
  std::vector<ExprId> texts;
  size_t num_required = 0;
  for (const Property& property : *named) {
    const SchemaPlace here = place.below("properties", property.name);
    if (is_false(property.schema)) {
      if (property.is_required) return invalid_schema(here, "it is required, but false");
      continue;
    }
    const bool is_open = property.schema == nullptr && additional == schema.end();
    const auto value = is_open ? Result<ExprId>(json_.value())
                       : property.schema == nullptr
                           ? any(*additional, place.below("additionalProperties"))
                           : any(*property.schema, here);
    RETURN_IF_ERROR(value);
    num_required += property.is_required ? 1 : 0;
    present.push_back(property);
    texts.push_back(grammar_.sequence({json_.key(property.name), *value}));
  }
  RETURN_IF_ERROR(check_counts(schema, num_required, present.size(), other->has_value(), place));
  return grammar_.sequence(
      {grammar_.bytes("{"), members(present, texts, *other, place), grammar_.bytes("}")});
}

// From the end, twice: what may follow if a member has been written, and if none has.
ExprId SchemaCompiler::members(const std::vector<Property>& properties,
                               const std::vector<ExprId>& texts, std::optional<ExprId> other,
                               const SchemaPlace& place) {
  ExprId later = grammar_.empty();
  ExprId first = grammar_.empty();
  if (other) {
    later =
        shared(grammar_.repeat(grammar_.sequence({json_.comma(), *other}), 0, kUnbounded), place);
    first = grammar_.optional(grammar_.sequence({*other, later}));
  }
  for (size_t i = properties.size(); i-- > 0;) {
    const ExprId from_here = shared(grammar_.sequence({texts[i], later}), place);
    const ExprId next = grammar_.sequence({json_.comma(), from_here});
    if (properties[i].is_required) {
      later = shared(next, place);
      first = from_here;
    } else {
      later = shared(grammar_.choice({next, later}), place);
      first = shared(grammar_.choice({from_here, first}), place);
    }
  }
  return first;
}

}  // namespace youtu
