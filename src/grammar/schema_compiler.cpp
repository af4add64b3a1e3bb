#include "grammar/schema_compiler.h"

#include <algorithm>

#include "base/check.h"
#include "grammar/schema_disjoint.h"
#include "grammar/schema_keywords.h"
#include "youtu/output_format.h"

namespace youtu {
namespace {

constexpr JsonLimits kSchemaJsonLimits = {
    .max_bytes = kMaxFormatBytes, .max_depth = 200, .max_nodes = 40'000};

// If a schema names no type, its keywords do: {"properties": ...} means an object.
std::vector<std::string> types_of_keywords(const OrderedJson& schema) {
  std::vector<std::string> types;
  for (const auto& [keyword, value] : schema.items()) {
    const std::string type(type_of_keyword(keyword));
    if (!type.empty() && std::ranges::find(types, type) == types.end()) types.push_back(type);
  }
  return types;
}

}  // namespace

Result<ExprId> SchemaCompiler::compile() {
  auto root = any(document_.root(), {});
  RETURN_IF_ERROR(root);
  // What is referred to is compiled one after the other and not inside of each other, so that a
  // long chain of references is not deep.
  while (!open_.empty()) {
    const OpenReference next = open_.back();
    open_.pop_back();
    const auto body = any(*next.schema, next.place);
    RETURN_IF_ERROR(body);
    grammar_.set_body(next.rule, *body);
  }
  return root;
}

Result<ExprId> SchemaCompiler::any(const OrderedJson& schema, const SchemaPlace& place) {
  RETURN_IF_ERROR(document_.count_schema(place));
  if (grammar_.is_too_large()) {
    return schema_too_large(
        place, "its grammar has more than " + std::to_string(kMaxExpressions) + " expressions");
  }
  if (schema.is_boolean()) {
    if (schema.get<bool>()) return json_.value();
    return invalid_schema(place, "false allows no value");
  }
  if (!schema.is_object()) {
    return invalid_schema(place, "a schema is an object, true or false");
  }
  RETURN_IF_ERROR(check_keywords(schema, place));
  if (schema.contains("$ref")) {
    OrderedJson rest = schema;
    rest.erase("$ref");
    if (!has_constraints(rest)) return reference(schema, place);
  }
  const auto one = document_.flatten(schema, place);
  RETURN_IF_ERROR(one);
  return flat(*one, place);
}

Result<ExprId> SchemaCompiler::flat(const OrderedJson& schema, const SchemaPlace& place) {
  const bool has_any = schema.contains("anyOf");
  const bool has_one = schema.contains("oneOf");
  if (has_any && has_one) {
    return unsupported_schema(place.below("oneOf"), "oneOf beside anyOf is not supported");
  }
  if (has_any || has_one) return alternatives(schema, has_any ? "anyOf" : "oneOf", place);
  if (schema.contains("enum") || schema.contains("const")) return literals(schema, place);

  std::vector<std::string> types = types_of_keywords(schema);
  if (schema.contains("type")) {
    auto named = types_of(schema, place);
    RETURN_IF_ERROR(named);
    types = *std::move(named);
    // An integer is a number.
    if (std::ranges::find(types, "number") != types.end()) std::erase(types, "integer");
  }
  if (types.empty()) return json_.value();
  std::vector<ExprId> ways;
  for (const std::string& type : types) {
    const auto way = of_type(type, schema, place);
    RETURN_IF_ERROR(way);
    ways.push_back(*way);
  }
  return grammar_.choice(std::move(ways));
}

Result<ExprId> SchemaCompiler::of_type(const std::string& type, const OrderedJson& schema,
                                       const SchemaPlace& place) {
  if (type == "object") return object(schema, place);
  if (type == "array") return array(schema, place);
  if (type == "string") return string(schema, place);
  if (type == "integer") return number(schema, /*is_integer=*/true, place);
  if (type == "number") return number(schema, /*is_integer=*/false, place);
  if (type == "boolean") return json_.boolean();
  return json_.null();
}

Result<ExprId> SchemaCompiler::reference(const OrderedJson& schema, const SchemaPlace& place) {
  const auto target = document_.resolve(schema["$ref"], place);
  RETURN_IF_ERROR(target);
  const std::string& pointer = target->place.pointer;
  const auto [known, is_new] = references_.try_emplace(pointer, 0);
  if (is_new) {
    known->second = grammar_.add_rule(pointer.empty() ? "(root)" : pointer);
    open_.push_back({target->schema, {.pointer = pointer, .depth = 0}, known->second});
  }
  return grammar_.rule(known->second);
}

Result<ExprId> SchemaCompiler::alternatives(const OrderedJson& schema, const char* keyword,
                                            const SchemaPlace& place) {
  const OrderedJson& list = schema[keyword];
  if (!list.is_array() || list.empty() || list.size() > kMaxAlternatives) {
    return invalid_schema(place.below(keyword), "this must be a list of 1 to " +
                                                    std::to_string(kMaxAlternatives) + " schemas");
  }
  OrderedJson base = schema;
  base.erase(keyword);
  const bool has_base = has_constraints(base);
  std::vector<ExprId> ways;
  std::vector<OrderedJson> branches;
  for (size_t i = 0; i < list.size(); ++i) {
    const SchemaPlace here = place.below(keyword, i);
    if (list[i].is_boolean() && !list[i].get<bool>()) continue;
    const bool is_open = list[i].is_boolean();
    auto branch = is_open || !list[i].is_object() ? Result<OrderedJson>(list[i])
                                                  : document_.flatten(list[i], here);
    RETURN_IF_ERROR(branch);
    auto merged = has_base && branch->is_object() ? document_.merge(base, *branch, here) : branch;
    RETURN_IF_ERROR(merged);
    // A branch of its own may be a reference, whose rule is then shared.
    const auto way = has_base ? any(is_open ? base : *merged, here) : any(list[i], here);
    RETURN_IF_ERROR(way);
    ways.push_back(*way);
    branches.push_back(*std::move(merged));
  }
  if (ways.empty()) return invalid_schema(place.below(keyword), "no branch allows a value");
  if (std::string_view(keyword) == "oneOf") RETURN_IF_ERROR(check_disjoint(branches, place));
  return grammar_.choice(std::move(ways));
}

// oneOf forbids what two of its branches allow. That is held only where no value can be in two.
Status SchemaCompiler::check_disjoint(const std::vector<OrderedJson>& branches,
                                      const SchemaPlace& place) {
  for (size_t i = 0; i < branches.size(); ++i) {
    for (size_t j = i + 1; j < branches.size(); ++j) {
      const auto disjoint = are_disjoint(document_, branches[i], branches[j], place);
      RETURN_IF_ERROR(disjoint);
      if (*disjoint) continue;
      return unsupported_schema(
          place.below("oneOf"),
          "a value may be in both branches " + std::to_string(i) + " and " + std::to_string(j) +
              "; tell them apart by a type or a required constant, or use anyOf");
    }
  }
  return Status::ok();
}

Result<ExprId> compile_json_schema(std::string_view text, Grammar& grammar) {
  auto root = parse_ordered_json(text, kSchemaJsonLimits);
  if (!root) {
    return Status::invalid_argument("the schema is no JSON: " + root.status().message(),
                                    "response_format", root.status().reason());
  }
  return SchemaCompiler(*std::move(root), grammar).compile();
}

}  // namespace youtu
