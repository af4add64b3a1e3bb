// Arrays of a schema.
#include <algorithm>

#include "base/check.h"
#include "grammar/schema_compiler.h"
#include "grammar/schema_keywords.h"

namespace youtu {

Result<SchemaCompiler::LengthRange> SchemaCompiler::array_lengths(const OrderedJson& schema,
                                                                  const SchemaPlace& place) {
  const auto min = read_count(schema, "minItems", place);
  RETURN_IF_ERROR(min);
  const auto max = read_count(schema, "maxItems", place);
  RETURN_IF_ERROR(max);
  LengthRange lengths = {min->value_or(0), max->value_or(kUnbounded)};
  const auto prefix = schema.find("prefixItems");
  if (prefix != schema.end() && (!prefix->is_array() || prefix->size() > kMaxPrefixItems)) {
    return invalid_schema(
        place.below("prefixItems"),
        "this must be a list of at most " + std::to_string(kMaxPrefixItems) + " schemas");
  }
  if (const auto items = schema.find("items"); items != schema.end()) {
    if (items->is_array()) {
      return unsupported_schema(place.below("items"),
                                "a list of schemas is not supported here (use prefixItems)");
    }
    const size_t num_prefix = prefix == schema.end() ? 0 : prefix->size();
    if (*items == false) lengths.max = std::min(lengths.max, static_cast<uint32_t>(num_prefix));
  }
  if (lengths.min > lengths.max) {
    return invalid_schema(place.below("minItems"), "more items than the other keywords allow");
  }
  return lengths;
}

Result<ExprId> SchemaCompiler::array(const OrderedJson& schema, const SchemaPlace& place) {
  const auto lengths = array_lengths(schema, place);
  RETURN_IF_ERROR(lengths);
  if (const auto unique = schema.find("uniqueItems"); unique != schema.end()) {
    if (!unique->is_boolean()) {
      return invalid_schema(place.below("uniqueItems"), "this must be true or false");
    }
    // One item is always different.
    if (*unique == true && lengths->max > 1) return unique_array(schema, *lengths, place);
  }
  std::vector<ExprId> prefix;
  const OrderedJson list = schema.value("prefixItems", OrderedJson::array());
  for (size_t i = 0; i < list.size(); ++i) {
    const auto element = any(list[i], place.below("prefixItems", i));
    RETURN_IF_ERROR(element);
    prefix.push_back(*element);
  }
  std::optional<ExprId> item = json_.value();
  if (const auto items = schema.find("items"); items != schema.end()) {
    item.reset();
    if (*items != false) {
      const auto element = any(*items, place.below("items"));
      RETURN_IF_ERROR(element);
      item = shared(*element, place.below("items"));
    }
  }
  return array_with_prefix(prefix, item, lengths->min, lengths->max);
}

// From the end: what may follow when so many elements are written.
Result<ExprId> SchemaCompiler::array_with_prefix(const std::vector<ExprId>& prefix,
                                                 std::optional<ExprId> item, uint32_t min,
                                                 uint32_t max) {
  const auto element = [&](size_t i) { return i < prefix.size() ? prefix[i] : *item; };
  const auto at_least = [min](uint32_t count) { return min > count ? min - count : 0; };
  // The elements that are written one by one: the prefix, and always the first.
  const auto num_single =
      static_cast<uint32_t>(std::min<size_t>(std::max<size_t>(prefix.size(), 1), max));
  if (num_single == 0) return grammar_.bytes("[]");
  ExprId tail = grammar_.empty();
  if (item && max > num_single) {
    tail = grammar_.repeat(grammar_.sequence({json_.comma(), *item}), at_least(num_single),
                           max == kUnbounded ? kUnbounded : max - num_single);
  }
  for (uint32_t i = num_single; i-- > 1;) {
    tail = grammar_.sequence({json_.comma(), element(i), tail});
    if (i >= min) tail = grammar_.optional(tail);
  }
  ExprId content = grammar_.sequence({element(0), tail});
  if (min == 0) content = grammar_.optional(content);
  return grammar_.sequence({grammar_.bytes("["), content, grammar_.bytes("]")});
}

}  // namespace youtu
