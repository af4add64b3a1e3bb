// Arrays of different items. What may come next depends on the set of those that have been, so
// there is a rule for each set.
#include <algorithm>
#include <map>

#include "base/check.h"
#include "grammar/schema_compiler.h"
#include "grammar/schema_keywords.h"
#include "grammar/schema_values.h"

namespace youtu {
namespace {

using ItemSet = std::vector<size_t>;  // places in UniqueItems::values, rising

}  // namespace

struct SchemaCompiler::UniqueItems {
  std::vector<OrderedJson> values;           // that any item may have, all different
  std::map<Json, size_t> places;             // of each in `values`
  std::vector<std::vector<size_t>> allowed;  // of each prefix item, then of those behind
};

Status SchemaCompiler::add_unique_item(const OrderedJson& schema, UniqueItems& items,
                                       const SchemaPlace& place) {
  std::optional<std::vector<OrderedJson>> values;
  if (schema.is_object()) {
    const auto flat = document_.flatten(schema, place);
    RETURN_IF_ERROR(flat);
    auto listed = listed_values(*flat, place);
    RETURN_IF_ERROR(listed);
    values = *std::move(listed);
  }
  if (!values) {
    return unsupported_schema(place,
                              "beside uniqueItems an item is an enum, a const, a boolean or null");
  }
  std::vector<size_t>& allowed = items.allowed.emplace_back();
  for (OrderedJson& value : *values) {
    const auto [known, is_new] = items.places.try_emplace(Json(value), items.values.size());
    allowed.push_back(known->second);
    if (is_new) items.values.push_back(std::move(value));
  }
  return Status::ok();
}

Result<ExprId> SchemaCompiler::unique_array(const OrderedJson& schema, const LengthRange& lengths,
                                            const SchemaPlace& place) {
  UniqueItems items;
  const OrderedJson prefix = schema.value("prefixItems", OrderedJson::array());
  for (size_t i = 0; i < prefix.size(); ++i) {
    RETURN_IF_ERROR(add_unique_item(prefix[i], items, place.below("prefixItems", i)));
  }
  if (lengths.max > prefix.size()) {
    const bool has_items = schema.contains("items");
    RETURN_IF_ERROR(add_unique_item(has_items ? schema["items"] : OrderedJson(true), items,
                                    place.below(has_items ? "items" : "uniqueItems")));
  }
  if (lengths.min > items.values.size()) {
    return invalid_schema(place.below("minItems"), "more different items than there are");
  }
  return different_items(items, lengths, place);
}

Result<ExprId> SchemaCompiler::different_items(const UniqueItems& items, const LengthRange& lengths,
                                               const SchemaPlace& place) {
  const ExprId comma = shared(json_.comma(), place);
  std::vector<ExprId> texts;
  for (const OrderedJson& value : items.values) {
    texts.push_back(shared(json_.literal(value), place));
  }
  std::map<ItemSet, RuleId> rules;
  rules.emplace(ItemSet(), grammar_.add_rule(place.pointer));
  std::vector<ItemSet> open(1);
  while (!open.empty()) {
    const ItemSet used = std::move(open.back());
    open.pop_back();
    std::vector<ExprId> ways;
    if (used.size() >= lengths.min) ways.push_back(grammar_.empty());
    const auto& allowed = items.allowed[std::min(used.size(), items.allowed.size() - 1)];
    for (const size_t value : allowed) {
      if (used.size() >= lengths.max || std::ranges::binary_search(used, value)) continue;
      ItemSet next = used;
      next.insert(std::ranges::upper_bound(next, value), value);
      const auto [rule, is_new] = rules.try_emplace(next, 0);
      if (is_new) {
        rule->second = grammar_.add_rule(place.pointer);
        open.push_back(std::move(next));
      }
      const ExprId rest = grammar_.rule(rule->second);
      ways.push_back(used.empty() ? grammar_.sequence({texts[value], rest})
                                  : grammar_.sequence({comma, texts[value], rest}));
    }
    grammar_.set_body(rules.at(used), grammar_.choice(std::move(ways)));
    if (rules.size() > kMaxItemSets) {
      return schema_too_large(place.below("uniqueItems"),
                              "its items have more than " + std::to_string(kMaxItemSets) +
                                  " different sets (fewer values or a smaller maxItems)");
    }
  }
  return grammar_.sequence(
      {grammar_.bytes("["), grammar_.rule(rules.at(ItemSet())), grammar_.bytes("]")});
}

}  // namespace youtu
