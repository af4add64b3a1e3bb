#include "server/format_fields.h"

#include <array>
#include <string>
#include <utility>

#include "base/check.h"
#include "server/json_fields.h"

namespace youtu {

namespace {

using Kind = OutputFormat::Kind;
using MaybeFormat = std::optional<OutputFormat>;

constexpr std::array<std::string_view, 8> kFields = {
    "response_format", "structured_outputs", "guided_json", "guided_regex",
    "guided_choice",   "guided_grammar",     "grammar",     "json_schema"};

const OrderedJson* find(const OrderedJson& object, std::string_view name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

// Schemas may come as JSON, or as a text of JSON.
Result<MaybeFormat> schema_format(const OrderedJson& schema, const std::string& name) {
  if (!schema.is_object() && !schema.is_string() && !schema.is_boolean()) {
    return wrong_type(name, "a JSON schema");
  }
  OutputFormat format = {.kind = Kind::kJsonSchema};
  format.text = schema.is_string() ? schema.get<std::string>() : dump_json(schema);
  return MaybeFormat(std::move(format));
}

Result<MaybeFormat> text_format(Kind kind, const OrderedJson& value, const std::string& name) {
  if (!value.is_string()) return wrong_type(name, "a string");
  OutputFormat format = {.kind = kind};
  format.text = value.get<std::string>();
  return MaybeFormat(std::move(format));
}

Result<MaybeFormat> choice_format(const OrderedJson& value, const std::string& name) {
  if (!value.is_array()) return wrong_type(name, "a list of strings");
  OutputFormat format = {.kind = Kind::kChoice};
  for (const OrderedJson& choice : value) {
    if (!choice.is_string()) return wrong_type(name, "a list of strings");
    format.choices.push_back(choice.get<std::string>());
  }
  return MaybeFormat(std::move(format));
}

// vLLM's {"json": …} | {"regex": …} | {"choice": …} | {"grammar": …} | {"json_object": true}.
Result<MaybeFormat> structured_outputs(const OrderedJson& value) {
  const std::string name = "structured_outputs";
  if (!value.is_object()) return wrong_type(name, "an object");
  if (value.size() != 1) {
    return Status::invalid_argument(name + " must have one of json, regex, choice, grammar", name,
                                    "out_of_range");
  }
  const std::string kind = value.begin().key();
  const OrderedJson& form = value.begin().value();
  const std::string place = name + "." + kind.substr(0, 64);
  if (kind == "json") return schema_format(form, place);
  if (kind == "regex") return text_format(Kind::kRegex, form, place);
  if (kind == "choice") return choice_format(form, place);
  if (kind == "grammar") return text_format(Kind::kGrammar, form, place);
  if (kind == "json_object" && form == true) return MaybeFormat(OutputFormat{});
  return Status::invalid_argument(name + " must have one of json, regex, choice, grammar", place,
                                  "unsupported_value");
}

Result<MaybeFormat> read_field(std::string_view field, const OrderedJson& value) {
  const std::string name(field);
  if (name == "response_format") return read_format_object(value, name);
  if (name == "structured_outputs") return structured_outputs(value);
  if (name == "guided_json" || name == "json_schema") return schema_format(value, name);
  if (name == "guided_regex") return text_format(Kind::kRegex, value, name);
  if (name == "guided_choice") return choice_format(value, name);
  return text_format(Kind::kGrammar, value, name);
}

}  // namespace

std::span<const std::string_view> format_field_names() {
  return kFields;
}

Result<MaybeFormat> read_format_object(const OrderedJson& format, const std::string& name) {
  if (!format.is_object()) return wrong_type(name, "an object");
  const OrderedJson* type = find(format, "type");
  if (!type || !type->is_string()) return wrong_type(name + ".type", "a string");
  if (*type == "text") return MaybeFormat();
  const OrderedJson* schema = find(format, "schema");
  if (*type == "json_object") {
    return schema ? schema_format(*schema, name + ".schema") : MaybeFormat(OutputFormat{});
  }
  if (*type != "json_schema") {
    return Status::invalid_argument(name + ".type must be text, json_object or json_schema",
                                    name + ".type", "unsupported_value");
  }
  if (const OrderedJson* wrapped = find(format, "json_schema")) {
    if (!wrapped->is_object()) return wrong_type(name + ".json_schema", "an object");
    schema = find(*wrapped, "schema");
  }
  if (!schema) {
    return Status::invalid_argument(name + ".json_schema.schema is missing", name,
                                    "missing_required_parameter");
  }
  return schema_format(*schema, name + ".json_schema.schema");
}

Result<MaybeFormat> read_format_fields(const Json& body, std::string_view text) {
  std::string_view given;
  for (const std::string_view field : kFields) {
    if (!find_field(body, field)) continue;
    if (!given.empty()) {
      return Status::invalid_argument(
          std::string(field) + " and " + std::string(given) + " are two forms for one answer",
          std::string(field), "given_twice");
    }
    given = field;
  }
  if (given.empty()) return MaybeFormat();
  const Result<OrderedJson> ordered = parse_ordered_json(text);
  RETURN_IF_ERROR(ordered);
  return read_field(given, (*ordered)[std::string(given)]);
}

}  // namespace youtu
