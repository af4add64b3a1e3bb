// Strings, numbers and constants of a schema.
#include <span>
#include <string>

#include "base/check.h"
#include "grammar/letter_automaton.h"
#include "grammar/number_multiple.h"
#include "grammar/number_range.h"
#include "grammar/schema_compiler.h"
#include "grammar/schema_keywords.h"
#include "grammar/schema_patterns.h"
#include "grammar/schema_values.h"
#include "grammar/string_formats.h"

namespace youtu {
namespace {

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

Result<ExprId> SchemaCompiler::literals(const OrderedJson& schema, const SchemaPlace& place) {
  const auto values = constants_of(schema, place);
  RETURN_IF_ERROR(values);
  std::vector<ExprId> ways;
  for (const OrderedJson& value : *values) ways.push_back(json_.literal(value));
  return grammar_.choice(std::move(ways));
}

Result<ExprId> SchemaCompiler::string(const OrderedJson& schema, const SchemaPlace& place) {
  const auto min = read_count(schema, "minLength", place);
  RETURN_IF_ERROR(min);
  const auto max = read_count(schema, "maxLength", place);
  RETURN_IF_ERROR(max);
  const LengthRange lengths = {min->value_or(0), max->value_or(kUnbounded)};
  if (lengths.min > lengths.max) return invalid_schema(place.below("minLength"), "above maxLength");
  const bool has_pattern = schema.contains("pattern");
  const bool has_format = schema.contains("format");
  if (!has_pattern && !has_format) return json_.string(lengths.min, lengths.max);
  const SchemaPlace here = place.below(has_pattern ? "pattern" : "format");
  if (has_pattern && has_format) {
    return unsupported_schema(here, "pattern beside format is not supported");
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
  const auto content =
      *min || *max ? pattern_of_length(pattern, has_pattern, lengths, here)
                   : parse_schema_pattern(pattern, has_pattern, string_letters(), grammar_, here);
  RETURN_IF_ERROR(content);
  return json_.quoted(*content);
}

WriteLetters SchemaCompiler::string_letters() {
  return [this](Grammar&, const CodePointSet& letters) { return json_.letter(letters); };
}

// What matches a pattern and has a length: both are regular, so both together are.
Result<ExprId> SchemaCompiler::pattern_of_length(const std::string& pattern, bool is_search,
                                                 const LengthRange& lengths,
                                                 const SchemaPlace& place) {
  Grammar letters;
  const auto expr = parse_schema_pattern(pattern, is_search, write_plain_letters, letters, place);
  RETURN_IF_ERROR(expr);
  const auto automaton = LetterAutomaton::build(letters, std::span(&*expr, 1));
  const auto content =
      automaton ? automaton->write(grammar_, {.accepts = [](auto matches) { return matches != 0; },
                                              .min_length = lengths.min,
                                              .max_length = lengths.max,
                                              .write_letters = string_letters(),
                                              .name = place.pointer})
                : std::nullopt;
  if (content) return *content;
  return schema_too_large(place,
                          "with the length beside it, it is too large (a pattern can count "
                          "itself: ^[a-z]{1,20}$)");
}

Result<std::optional<NumberStep>> SchemaCompiler::read_step(const OrderedJson& schema,
                                                            bool is_integer,
                                                            const SchemaPlace& place) {
  const auto multiple = schema.find("multipleOf");
  if (multiple == schema.end()) return std::optional<NumberStep>();
  const SchemaPlace here = place.below("multipleOf");
  if (!multiple->is_number() || !(multiple->get<double>() > 0)) {
    return invalid_schema(here, "this must be a number above 0");
  }
  const auto step = step_of(*multiple, is_integer);
  if (step) return step;
  return unsupported_schema(
      here, "it has more than " + std::to_string(kMaxDecimalMultipleDigits) + " digits");
}

Result<ExprId> SchemaCompiler::number(const OrderedJson& schema, bool is_integer,
                                      const SchemaPlace& place) {
  const auto step = read_step(schema, is_integer, place);
  RETURN_IF_ERROR(step);
  const bool is_whole = is_integer || (*step && (*step)->num_decimals == 0);
  const bool is_every = !*step || (is_whole && (*step)->units == 1);
  const auto range = read_range(schema, place);
  RETURN_IF_ERROR(range);
  if (is_every && !range->low && !range->high) {
    return is_whole ? json_.integer() : json_.number();
  }
  const MultiplesResult numbers =
      is_every ? MultiplesResult{.expr = number_in_range(grammar_, *range, is_whole)}
               : multiples_in_range(grammar_, *range, **step);
  if (numbers.is_too_large) {
    return schema_too_large(
        place.below("multipleOf"),
        "its multiples between the bounds have too many digits to be told apart");
  }
  if (numbers.expr) return *numbers.expr;
  if (!is_every) {
    return invalid_schema(place.below("multipleOf"), "no multiple lies between the bounds");
  }
  const char* bound = range->low ? "minimum" : "maximum";
  return invalid_schema(place.below(bound), "no number lies between the bounds");
}

}  // namespace youtu
