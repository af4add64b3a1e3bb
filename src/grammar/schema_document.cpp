#include "grammar/schema_document.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "base/check.h"
#include "grammar/number_range.h"
#include "grammar/schema_keywords.h"

namespace youtu {
namespace {

constexpr std::array<const char*, 7> kTypes = {"string", "integer", "number", "boolean",
                                               "null",   "object",  "array"};

std::optional<std::string> decode_percent(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto digit = [&](size_t at) {
      const char c = at < text.size() ? text[at] : '?';
      if (c >= '0' && c <= '9') return c - '0';
      if (c >= 'a' && c <= 'f') return c - 'a' + 10;
      if (c >= 'A' && c <= 'F') return c - 'A' + 10;
      return -1;
    };
    const int high = digit(i + 1);
    const int low = digit(i + 2);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

// RFC 6901, one step.
const OrderedJson* find_child(const OrderedJson& parent, const std::string& key) {
  if (parent.is_object()) {
    const auto found = parent.find(key);
    return found == parent.end() ? nullptr : &*found;
  }
  if (!parent.is_array() || key.empty() || key.size() > 6) return nullptr;
  if (!std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; })) return nullptr;
  const size_t index = std::stoul(key);
  return index < parent.size() ? &parent[index] : nullptr;
}

std::string unescape_pointer(std::string_view token) {
  std::string out;
  for (size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size()) {
      out += token[++i] == '1' ? '/' : '~';
    } else {
      out += token[i];
    }
  }
  return out;
}

bool is_type(const std::string& name) {
  return std::ranges::find(kTypes, name) != kTypes.end();
}

// OpenAPI's way to say that null is a value, too.
void spell_out_nullable(OrderedJson& schema) {
  const auto nullable = schema.find("nullable");
  if (nullable == schema.end()) return;
  const bool is_nullable = nullable->is_boolean() && nullable->get<bool>();
  schema.erase("nullable");
  const auto type = schema.find("type");
  if (!is_nullable || type == schema.end()) return;
  if (type->is_string()) *type = OrderedJson::array({*type});
  if (type->is_array()) type->push_back("null");
}

using Json = OrderedJson;

Result<Json> merge_types(const Json& a, const Json& b, const SchemaPlace& place) {
  const auto first = types_of(Json{{"type", a}}, place);
  RETURN_IF_ERROR(first);
  const auto second = types_of(Json{{"type", b}}, place);
  RETURN_IF_ERROR(second);
  Json both = Json::array();
  const auto has = [](const std::vector<std::string>& types, const char* type) {
    return std::ranges::find(types, type) != types.end();
  };
  for (const char* type : kTypes) {
    const bool is_integer = std::string_view(type) == "integer";
    const bool in_first = has(*first, type) || (is_integer && has(*first, "number"));
    const bool in_second = has(*second, type) || (is_integer && has(*second, "number"));
    if (in_first && in_second) both.push_back(type);
  }
  if (both.empty()) return invalid_schema(place, "no type is allowed by all parts");
  return both;
}

Result<Json> merge_bounds(std::string_view keyword, const Json& a, const Json& b,
                          const SchemaPlace& place) {
  const bool is_minimum = keyword.starts_with("min") || keyword == "exclusiveMinimum";
  const auto first = a.is_number() ? decimal_of(a) : std::nullopt;
  const auto second = b.is_number() ? decimal_of(b) : std::nullopt;
  if (!first || !second) return invalid_schema(place, "this is no number that can be compared");
  const bool is_first_greater = compare(*first, *second) > 0;
  return is_first_greater == is_minimum ? a : b;
}

Json merge_lists(const Json& a, const Json& b) {
  Json all = a;
  for (const Json& item : b) {
    if (std::ranges::find(all, item) == all.end()) all.push_back(item);
  }
  return all;
}

Json intersection(const Json& a, const Json& b) {
  Json both = Json::array();
  for (const Json& item : a) {
    if (std::ranges::find(b, item) != b.end()) both.push_back(item);
  }
  return both;
}

Json all_of(const Json& a, const Json& b) {
  return Json{{"allOf", Json::array({a, b})}};
}

Json merge_properties(const Json& a, const Json& b) {
  Json all = a;
  for (const auto& [name, schema] : b.items()) {
    all[name] = all.contains(name) ? all_of(all[name], schema) : schema;
  }
  return all;
}

bool is_bound(std::string_view keyword) {
  constexpr std::array<std::string_view, 10> kBounds = {
      "minimum",   "maximum",  "exclusiveMinimum", "exclusiveMaximum", "minLength",
      "maxLength", "minItems", "maxItems",         "minProperties",    "maxProperties"};
  return std::ranges::find(kBounds, keyword) != kBounds.end();
}

Result<Json> merge_keyword(const std::string& keyword, const Json& a, const Json& b,
                           const SchemaPlace& place) {
  if (a == b || !is_constraining(keyword)) return a;
  if (keyword == "type") return merge_types(a, b, place);
  if (is_bound(keyword)) return merge_bounds(keyword, a, b, place);
  if (keyword == "items") return all_of(a, b);
  const bool has_schemas = keyword == "properties" || keyword == "patternProperties";
  if (has_schemas && a.is_object() && b.is_object()) return merge_properties(a, b);
  if (keyword == "uniqueItems" && a.is_boolean() && b.is_boolean()) return Json(true);
  if (keyword == "required" && a.is_array() && b.is_array()) return merge_lists(a, b);
  if (keyword == "enum" && a.is_array() && b.is_array()) return intersection(a, b);
  return unsupported_schema(place, "two of these cannot be merged");
}

// additionalProperties speaks of what its own schema names, so both must name the same, or the one
// that has it must name all.
Status check_closed(const Json& closed, const Json& other, const SchemaPlace& place) {
  const auto additional = closed.find("additionalProperties");
  if (additional == closed.end() || *additional == true) return Status::ok();
  const auto patterns = other.find("patternProperties");
  if (patterns != other.end() &&
      (!closed.contains("patternProperties") || closed["patternProperties"] != *patterns)) {
    return unsupported_schema(place.below("additionalProperties"),
                              "another part has patternProperties, which this part has not");
  }
  const auto properties = other.find("properties");
  if (properties == other.end() || !properties->is_object()) return Status::ok();
  for (const auto& [name, schema] : properties->items()) {
    const auto own = closed.find("properties");
    if (own != closed.end() && own->is_object() && own->contains(name)) continue;
    return unsupported_schema(
        place.below("additionalProperties"),
        "another part names the property \"" + name.substr(0, 64) + "\", which this part does not");
  }
  return Status::ok();
}

// The same of items, which speaks of what comes behind its own schema's prefixItems.
Status check_items(const Json& a, const Json& b, const SchemaPlace& place) {
  const bool is_mixed =
      (a.contains("prefixItems") && !b.contains("prefixItems") && b.contains("items")) ||
      (b.contains("prefixItems") && !a.contains("prefixItems") && a.contains("items"));
  if (!is_mixed) return Status::ok();
  return unsupported_schema(place.below("prefixItems"), "another part has items without it");
}

}  // namespace

Result<std::vector<std::string>> types_of(const OrderedJson& schema, const SchemaPlace& place) {
  std::vector<std::string> types;
  const auto type = schema.find("type");
  if (type == schema.end()) return std::vector<std::string>(kTypes.begin(), kTypes.end());
  const OrderedJson list = type->is_array() ? *type : OrderedJson::array({*type});
  for (const OrderedJson& name : list) {
    if (!name.is_string() || !is_type(name.get<std::string>())) {
      return invalid_schema(place.below("type"),
                            "this is no type (string, integer, number, boolean, null, object or "
                            "array)");
    }
    types.push_back(name.get<std::string>());
  }
  if (types.empty()) return invalid_schema(place.below("type"), "there is no type in the list");
  return types;
}

Status SchemaDocument::count_schema(const SchemaPlace& place) {
  if (place.depth > kMaxSchemaDepth) {
    return schema_too_large(place,
                            "schemas are nested deeper than " + std::to_string(kMaxSchemaDepth));
  }
  if (++num_schemas_ <= kMaxSchemas) return Status::ok();
  return schema_too_large(place, "with its references and parts it has more than " +
                                     std::to_string(kMaxSchemas) + " schemas");
}

Result<SchemaDocument::Target> SchemaDocument::resolve(const OrderedJson& reference,
                                                       const SchemaPlace& place) const {
  const SchemaPlace here = place.below("$ref");
  if (!reference.is_string()) return invalid_schema(here, "this must be a string");
  const std::string& text = reference.get_ref<const std::string&>();
  if (!text.starts_with('#')) {
    return unsupported_schema(here, "only references inside the schema (#/...) are followed");
  }
  const auto pointer = decode_percent(std::string_view(text).substr(1));
  const auto nothing = [&] {
    return invalid_schema(here, "\"" + text.substr(0, 128) + "\" names nothing in the schema");
  };
  if (!pointer || (!pointer->empty() && pointer->front() != '/')) return nothing();
  Target target = {.schema = &root_, .place = {.depth = place.depth}};
  for (size_t begin = 0; begin < pointer->size();) {
    const size_t end = std::min(pointer->find('/', begin + 1), pointer->size());
    const std::string key = unescape_pointer(pointer->substr(begin + 1, end - begin - 1));
    target.schema = find_child(*target.schema, key);
    if (target.schema == nullptr) return nothing();
    target.place.pointer = target.place.below(key).pointer;
    begin = end;
  }
  return target;
}

Result<OrderedJson> SchemaDocument::flatten(const OrderedJson& schema, const SchemaPlace& place) {
  RETURN_IF_ERROR(count_schema(place));
  RETURN_IF_ERROR(check_keywords(schema, place));
  OrderedJson flat = schema;
  spell_out_nullable(flat);
  const auto add = [&](const OrderedJson& part, const SchemaPlace& where) -> Status {
    if (part.is_boolean() && part.get<bool>()) return Status::ok();
    if (!part.is_object()) return invalid_schema(where, "this must be a schema that allows values");
    const auto other = flatten(part, where);
    RETURN_IF_ERROR(other);
    auto merged = merge(flat, *other, place);
    RETURN_IF_ERROR(merged);
    flat = *std::move(merged);
    return Status::ok();
  };
  if (flat.contains("$ref")) {
    const auto target = resolve(flat["$ref"], place);
    RETURN_IF_ERROR(target);
    flat.erase("$ref");
    // One deeper for each reference, so that a circle of them ends.
    RETURN_IF_ERROR(add(*target->schema, {target->place.pointer, place.depth + 1}));
  }
  if (flat.contains("allOf")) {
    const OrderedJson parts = flat["allOf"];
    if (!parts.is_array() || parts.empty()) {
      return invalid_schema(place.below("allOf"), "this must be a list of schemas");
    }
    flat.erase("allOf");
    for (size_t i = 0; i < parts.size(); ++i) {
      RETURN_IF_ERROR(add(parts[i], place.below("allOf", i)));
    }
  }
  return flat;
}

Result<OrderedJson> SchemaDocument::merge(const OrderedJson& a, const OrderedJson& b,
                                          const SchemaPlace& place) {
  RETURN_IF_ERROR(check_closed(a, b, place));
  RETURN_IF_ERROR(check_closed(b, a, place));
  RETURN_IF_ERROR(check_items(a, b, place));
  OrderedJson all = a;
  for (const auto& [keyword, value] : b.items()) {
    if (!all.contains(keyword)) {
      all[keyword] = value;
      continue;
    }
    auto merged = merge_keyword(keyword, all[keyword], value, place.below(keyword));
    RETURN_IF_ERROR(merged);
    all[keyword] = *std::move(merged);
  }
  return all;
}

}  // namespace youtu
