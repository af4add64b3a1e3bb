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

bool is_false(const OrderedJson& schema) {
  return schema.is_boolean() && !schema.get<bool>();
}

// The names in `properties`, and behind them those that are only required.
Result<std::vector<std::string>> names_of(const OrderedJson& schema,
                                          const std::set<std::string>& required,
                                          const SchemaPlace& place) {
  std::vector<std::string> names;
  const auto named = schema.find("properties");
  if (named != schema.end()) {
    if (!named->is_object()) {
      return invalid_schema(place.below("properties"), "this must be an object");
    }
    for (const auto& [name, value] : named->items()) names.push_back(name);
  }
  for (const std::string& name : required) {
    if (named == schema.end() || !named->contains(name)) names.push_back(name);
  }
  if (names.size() > kMaxSchemaProperties) {
    return schema_too_large(place.below("properties"),
                            "more than " + std::to_string(kMaxSchemaProperties) + " properties");
  }
  for (const std::string& name : names) {
    if (name.size() <= kMaxPropertyNameBytes) continue;
    return schema_too_large(
        place.below("properties"),
        "a name of more than " + std::to_string(kMaxPropertyNameBytes) + " bytes");
  }
  return names;
}

// What additionalProperties says of names that nothing else speaks of. Where it is absent beside
// other keywords, a schema's author seldom wants more.
OrderedJson others_schema(const OrderedJson& schema) {
  const auto additional = schema.find("additionalProperties");
  if (additional != schema.end()) return *additional;
  return !schema.contains("properties") && !schema.contains("patternProperties");
}

// The schema of what all parts allow.
struct SchemaPart {
  OrderedJson schema;
  SchemaPlace place;
};
SchemaPart all_of(std::vector<SchemaPart> parts, const SchemaPlace& place) {
  std::erase_if(parts, [](const SchemaPart& part) { return part.schema == true; });
  if (parts.empty()) return {true, place};
  const auto never =
      std::ranges::find_if(parts, [](const SchemaPart& part) { return is_false(part.schema); });
  if (never != parts.end()) return *never;
  if (parts.size() == 1) return parts.front();
  OrderedJson list = OrderedJson::array();
  for (SchemaPart& part : parts) list.push_back(std::move(part.schema));
  return {OrderedJson{{"allOf", std::move(list)}}, place};
}

std::vector<SchemaPart> parts_of(const std::vector<const SchemaNames::Pattern*>& patterns) {
  std::vector<SchemaPart> parts;
  for (const SchemaNames::Pattern* pattern : patterns) {
    parts.push_back({pattern->schema, pattern->place});
  }
  return parts;
}

// How many members beside the named ones there may be.
Result<uint32_t> count_others(const OrderedJson& schema, size_t num_required, size_t num_properties,
                              bool may_have_others, const SchemaPlace& place) {
  const auto min = read_count(schema, "minProperties", place);
  RETURN_IF_ERROR(min);
  if (min->value_or(0) > num_required) {
    return unsupported_schema(place.below("minProperties"),
                              "more than the required properties cannot be asked for");
  }
  const auto max = read_count(schema, "maxProperties", place);
  RETURN_IF_ERROR(max);
  if (!*max) return kUnbounded;
  const bool are_counted = may_have_others && num_required < num_properties;
  if (are_counted || **max < num_properties) {
    return unsupported_schema(place.below("maxProperties"),
                              "fewer properties than may stand there cannot be asked for");
  }
  return **max - static_cast<uint32_t>(num_properties);
}

}  // namespace

// A member whose name is none of the properties'. Nothing if there may be none.
Result<std::optional<ExprId>> SchemaCompiler::other_member(const OrderedJson& schema,
                                                           const std::vector<Property>& properties,
                                                           const std::optional<SchemaNames>& names,
                                                           const SchemaPlace& place) {
  const SchemaPart others = {others_schema(schema), place.below("additionalProperties")};
  std::vector<ExprId> ways;
  const auto add = [&](const SchemaPart& part, Result<ExprId> key) -> Status {
    RETURN_IF_ERROR(key);
    const auto value = any(part.schema, part.place);
    RETURN_IF_ERROR(value);
    ways.push_back(grammar_.sequence({*key, *value}));
    return Status::ok();
  };
  if (!names) {
    std::vector<std::string> taken;
    for (const Property& property : properties) taken.push_back(property.name);
    if (!is_false(others.schema)) RETURN_IF_ERROR(add(others, json_.other_key(taken)));
  } else {
    for (const SchemaNames::Group& group : names->groups()) {
      const SchemaPart part = group.patterns.empty() ? others
                                                     : all_of(parts_of(group.patterns),
                                                              place.below("patternProperties"));
      if (is_false(part.schema)) continue;
      RETURN_IF_ERROR(add(part, names->key(group, json_, place)));
    }
  }
  if (ways.empty()) return std::optional<ExprId>();
  return std::optional<ExprId>(shared(grammar_.choice(std::move(ways)), place));
}

Result<ExprId> SchemaCompiler::object(const OrderedJson& schema, const SchemaPlace& place) {
  const auto required = read_required(schema, place);
  RETURN_IF_ERROR(required);
  const auto named = names_of(schema, *required, place);
  RETURN_IF_ERROR(named);
  std::optional<SchemaNames> names;
  if (schema.contains("patternProperties")) {
    auto read = SchemaNames::read(schema, *named, place);
    RETURN_IF_ERROR(read);
    names = *std::move(read);
  }
  std::vector<Property> properties;
  for (const std::string& name : *named) {
    auto property = property_of(name, schema, names, place);
    RETURN_IF_ERROR(property);
    property->is_required = required->contains(name);
    properties.push_back(*std::move(property));
  }
  const auto other = other_member(schema, properties, names, place);
  RETURN_IF_ERROR(other);
  std::vector<Property> present;
  std::vector<ExprId> texts;
  size_t num_required = 0;
  for (const Property& property : properties) {
    if (is_false(property.schema)) {
      if (property.is_required) return invalid_schema(property.place, "it is required, but false");
      continue;
    }
    const auto value = any(property.schema, property.place);
    RETURN_IF_ERROR(value);
    num_required += property.is_required ? 1 : 0;
    present.push_back(property);
    texts.push_back(grammar_.sequence({json_.key(property.name), *value}));
  }
  const auto max_others =
      count_others(schema, num_required, present.size(), other->has_value(), place);
  RETURN_IF_ERROR(max_others);
  const OtherMembers others = {*max_others == 0 ? std::nullopt : *other, *max_others};
  return grammar_.sequence(
      {grammar_.bytes("{"), members(present, texts, others, place), grammar_.bytes("}")});
}

// By its own name and by the patterns that this matches; else one that only `required` names is
// like those that nothing speaks of.
Result<SchemaCompiler::Property> SchemaCompiler::property_of(
    const std::string& name, const OrderedJson& schema, const std::optional<SchemaNames>& names,
    const SchemaPlace& place) {
  std::vector<SchemaPart> parts;
  const auto named = schema.find("properties");
  if (named != schema.end() && named->contains(name)) {
    parts.push_back({(*named)[name], place.below("properties", name)});
  }
  if (names) {
    for (SchemaPart& part : parts_of(names->patterns_of(name))) parts.push_back(std::move(part));
  }
  if (parts.empty()) {
    parts.push_back({others_schema(schema), place.below("additionalProperties")});
    if (is_false(parts.front().schema) && schema.contains("additionalProperties")) {
      return invalid_schema(place.below("required"),
                            "\"" + name.substr(0, 64) + "\" is required, but may not be there");
    }
    // Where additionalProperties is absent, what is required may be there.
    if (is_false(parts.front().schema)) parts.front().schema = true;
  }
  SchemaPart whole = all_of(std::move(parts), place.below("properties", name));
  return Property{.name = name, .schema = std::move(whole.schema), .place = whole.place};
}

// From the end, twice: what may follow if a member has been written, and if none has.
ExprId SchemaCompiler::members(const std::vector<Property>& properties,
                               const std::vector<ExprId>& texts, const OtherMembers& other,
                               const SchemaPlace& place) {
  ExprId later = grammar_.empty();
  ExprId first = grammar_.empty();
  if (other.member) {
    const auto others = [&](uint32_t max) {
      return shared(grammar_.repeat(grammar_.sequence({json_.comma(), *other.member}), 0, max),
                    place);
    };
    later = others(other.max);
    const ExprId behind = other.max == kUnbounded ? later : others(other.max - 1);
    first = grammar_.optional(grammar_.sequence({*other.member, behind}));
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
