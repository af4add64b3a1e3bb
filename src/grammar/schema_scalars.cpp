// Strings, numbers and constants of a schema.
#include <algorithm>
#include <string>

#include "base/check.h"
#include "grammar/number_range.h"
#include "grammar/regex_parser.h"
#include "grammar/schema_compiler.h"
#include "grammar/schema_keywords.h"
#include "grammar/string_formats.h"

namespace youtu {
namespace {

// JavaScript's classes, since that is whose expressions a schema's patterns are.
RegexOptions schema_regex(JsonText& json, bool is_search) {
  const CodePointSet line_ends = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};
  const CodePointSet space = {
      {'\t', '\r'},     {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
      {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
  return {.is_search = is_search,
          .dot = line_ends.complement(),
          .space = space,
          .not_space = space.complement(),
          .write_letters = [&json](Grammar&, const CodePointSet& letters) {
            return json.letter(letters);
          }};
}

bool matches_type(const OrderedJson& value, const std::string& type) {
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "number") return value.is_number();
  if (value.is_number_float()) {
    const double number = value.get<double>();
    return number == static_cast<double>(static_cast<int64_t>(number));
  }
  return value.is_number();
}

Result<std::optional<NumberBound>> read_bound(const OrderedJson& schema, const char* keyword,
                                              bool is_exclusive, const SchemaPlace& place) {
  const auto found = schema.find(keyword);
  if (found == schema.end()) return std::optional<NumberBound>();
  if (!found->is_number()) return invalid_schema(place.below(keyword), "this must be a number");
  auto value = decimal_of(*found);
  if (!value) {
    return unsupported_schema(
        place.below(keyword),
        "a bound is below 10^18 in size, with at most 40 digits behind the point");
  }
  return std::optional<NumberBound>({*std::move(value), is_exclusive});
}

// Of a plain and an exclusive bound the narrower one. `sign` is 1 for lower bounds, -1 for upper.
std::optional<NumberBound> narrower(const std::optional<NumberBound>& plain,
                                    const std::optional<NumberBound>& exclusive, int sign) {
  if (!plain || !exclusive) return plain ? plain : exclusive;
  return compare(exclusive->value, plain->value) * sign >= 0 ? exclusive : plain;
}

Result<NumberRange> read_range(const OrderedJson& schema, const SchemaPlace& place) {
  const auto minimum = read_bound(schema, "minimum", false, place);
  RETURN_IF_ERROR(minimum);
  const auto above = read_bound(schema, "exclusiveMinimum", true, place);
  RETURN_IF_ERROR(above);
  const auto maximum = read_bound(schema, "maximum", false, place);
  RETURN_IF_ERROR(maximum);
  const auto below = read_bound(schema, "exclusiveMaximum", true, place);
  RETURN_IF_ERROR(below);
  return NumberRange{.low = narrower(*minimum, *above, 1), .high = narrower(*maximum, *below, -1)};
}

}  // namespace

// enum and const. Other limits beside them would have to be looked at value by value; the type is.
Result<ExprId> SchemaCompiler::literals(const OrderedJson& schema, const SchemaPlace& place) {
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
  std::vector<ExprId> ways;
  for (const OrderedJson& value : list) {
    const bool is_const = !schema.contains("const") || schema["const"] == value;
    const bool has_type = std::ranges::any_of(
        *types, [&](const std::string& type) { return matches_type(value, type); });
    if (is_const && has_type) ways.push_back(json_.literal(value));
  }
  if (ways.empty()) {
    return invalid_schema(place.below(keyword), "no value is left that the other keywords allow");
  }
  return grammar_.choice(std::move(ways));
}

Result<ExprId> SchemaCompiler::string(const OrderedJson& schema, const SchemaPlace& place) {
  const auto min = read_count(schema, "minLength", place);
  RETURN_IF_ERROR(min);
  const auto max = read_count(schema, "maxLength", place);
  RETURN_IF_ERROR(max);
  const bool has_pattern = schema.contains("pattern");
  const bool has_format = schema.contains("format");
  if (!has_pattern && !has_format) {
    const uint32_t least = min->value_or(0);
    const uint32_t most = max->value_or(kUnbounded);
    if (least > most) return invalid_schema(place.below("minLength"), "above maxLength");
    return json_.string(least, most);
  }
  const SchemaPlace here = place.below(has_pattern ? "pattern" : "format");
  if (has_pattern && has_format) {
    return unsupported_schema(here, "pattern beside format is not supported");
  }
  if (*min || *max) {
    return unsupported_schema(here,
                              "a length beside it is not supported (a pattern can count: .{1,20})");
  }
  const OrderedJson& value = schema[has_pattern ? "pattern" : "format"];
  if (!value.is_string()) return invalid_schema(here, "this must be a string");
  std::string pattern = value.get<std::string>();
  if (has_format) {
    const auto known = pattern_of_format(pattern);
    if (!known) {
      return unsupported_schema(here, "this format is not known (" + known_formats() + ")");
    }
    pattern = *known;
  }
  const auto content = parse_regex(pattern, schema_regex(json_, has_pattern), grammar_);
  if (!content) {
    const bool is_wrong = content.status().reason() == "invalid_regex";
    return is_wrong ? invalid_schema(here, content.status().message())
                    : unsupported_schema(here, content.status().message());
  }
  return json_.quoted(*content);
}

Result<ExprId> SchemaCompiler::number(const OrderedJson& schema, bool is_integer,
                                      const SchemaPlace& place) {
  if (const auto multiple = schema.find("multipleOf"); multiple != schema.end()) {
    if (!multiple->is_number() || multiple->get<double>() != 1.0) {
      return unsupported_schema(place.below("multipleOf"), "only 1 is supported");
    }
    is_integer = true;
  }
  const auto range = read_range(schema, place);
  RETURN_IF_ERROR(range);
  if (!range->low && !range->high) return is_integer ? json_.integer() : json_.number();
  const auto numbers = number_in_range(grammar_, *range, is_integer);
  if (numbers) return *numbers;
  const char* bound = range->low ? "minimum" : "maximum";
  return invalid_schema(place.below(bound), "no number lies between the bounds");
}

}  // namespace youtu
