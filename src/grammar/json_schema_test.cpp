// What a schema allows and refuses, by hand; tests/grammar compares with a validator.
#include "grammar/json_schema.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/format_text.h"

namespace youtu {
namespace {

OutputFormat schema(std::string text) {
  return {.kind = OutputFormat::Kind::kJsonSchema, .text = std::move(text)};
}

struct Case {
  const char* schema;
  std::vector<const char*> valid;
  std::vector<const char*> invalid;
};

void check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    SCOPED_TRACE(one.schema);
    FormatText text(schema(one.schema));
    for (const char* value : one.valid) EXPECT_TRUE(text.matches(value)) << value;
    for (const char* value : one.invalid) EXPECT_FALSE(text.matches(value)) << value;
  }
}

TEST(JsonSchema, Strings) {
  check({
      {R"({"type": "string"})",
       {R"("")", R"("水\n\"\\")", R"("\u00e9\ud83d\ude42")"},
       {R"("a)", "\"\n\"", R"("\q")", R"("\ud83d")", R"("\ude42\ud83d")", "\"\xFF\""}},
      {R"({"type": "string", "minLength": 2, "maxLength": 3})",
       {R"("水é")", R"("a\u00e9\n")", R"("🙂🙂")"},
       {R"("a")", R"("abcd")", R"("\ud83d\ude42")"}},
      {R"({"type": "string", "pattern": "b+"})",
       {R"("b")", R"("abbc")", R"("\"b\n")"},
       {R"("ac")"}},
      {R"({"type": "string", "pattern": "^a\\s\\S$"})",
       {R"("a b")", R"("a\nb")", "\"a\u3000b\""},
       {"\"a \u3000\"", R"("xa b")", R"("a b ")"}},
      {R"({"type": "string", "format": "date"})", {R"("2026-02-28")"}, {R"("2026-02-30")"}},
      {R"({"enum": ["a\"b", 1, 1.5, null, {"x": [1, 2]}]})",
       {R"("a\"b")", "1", "1.5", "null", R"({"x":[1, 2]})"},
       {"\"a\"", "2", R"({"x":[1,2],})"}},
      {R"({"type": ["string", "null"], "const": null})", {"null"}, {"\"\""}},
  });
}

TEST(JsonSchema, Numbers) {
  check({
      {R"({"type": "integer"})", {"0", "-0", "123456789012345678"}, {"01", "1.0", "1e3", "+1", ""}},
      {R"({"type": "number"})", {"0.5", "-1e-7", "12.25E+3"}, {".5", "1.", "1e999", "NaN"}},
      {R"({"type": "integer", "minimum": -5, "maximum": 120})",
       {"-5", "0", "99", "120"},
       {"-6", "121", "-50", "1000"}},
      {R"({"type": "integer", "exclusiveMinimum": 1.5, "exclusiveMaximum": 3})", {"2"}, {"1", "3"}},
      {R"({"type": "number", "minimum": 0, "maximum": 1})",
       {"0", "1", "0.5", "1.0", "0.0001"},
       {"1.01", "-0.1", "2", "10"}},
      {R"({"type": "number", "exclusiveMinimum": -1.5, "exclusiveMaximum": 0})",
       {"-1", "-1.49", "-0.001"},
       {"0", "-0", "-1.5", "-1.50", "-2"}},
      {R"({"type": "number", "multipleOf": 1})", {"3"}, {"3.5"}},
      {R"({"type": ["integer", "number"]})", {"3", "3.5"}, {}},
  });
}

TEST(JsonSchema, Objects) {
  check({
      {R"({"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "null"},
           "c": {"type": "boolean"}}, "required": ["b"], "additionalProperties": false})",
       {R"({"b": null})", R"({"a":1,"b":null})", R"({"a": 1, "b": null, "c": true})",
        R"({"b":null,"c":false})"},
       {"{}", R"({"a":1})", R"({"b":null,"a":1})", R"({"b":null,})", R"({"b":null,"d":1})",
        R"({"b":  null})", R"({ "b":null})"}},
      {R"({"type": "object", "properties": {"ab": {"type": "null"}, "ac": {"type": "null"}},
           "additionalProperties": {"type": "integer"}})",
       {"{}", R"({"ab":null,"a":1,"abc":2,"ad":3,"":4})", R"({"水":1})"},
       {R"({"ab":1})", R"({"x":1,"ac":2})", R"({"a\u0062":1})", R"({"x":null})"}},
      {R"({"type": "object", "required": ["x"]})", {R"({"x":[1],"y":{}})"}, {"{}", R"({"y":1})"}},
      {R"({"type": "object"})", {"{}", R"({"a":{"b":[]}})"}, {"[]"}},
      {R"({"properties": {"a": {}}})", {"{}", R"({"a":[{"b":1}]})"}, {"1", R"({"b":1})"}},
      {R"({"type": "object", "properties": {"a": false, "b": true},
           "additionalProperties": true})",
       {R"({"b":1,"c":2})"},
       {R"({"a":1})"}},
  });
}

TEST(JsonSchema, Arrays) {
  check({
      {R"({"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3})",
       {"[1]", "[1, 2,3]"},
       {"[]", "[1,2,3,4]", "[1,]", "[null]"}},
      {R"({"type": "array", "items": {"type": "integer"}, "maxItems": 0})", {"[]"}, {"[1]"}},
      {R"({"type": "array", "prefixItems": [{"type": "null"}, {"type": "boolean"}],
           "items": {"type": "integer"}, "minItems": 1, "maxItems": 4})",
       {"[null]", "[null,true]", "[null,true,1,2]"},
       {"[]", "[true]", "[null,1]", "[null,true,1,2,3]"}},
      {R"({"type": "array", "prefixItems": [{"type": "null"}], "items": false})",
       {"[]", "[null]"},
       {"[null,null]"}},
      {R"({"type": "array"})", {"[]", R"([1,"a",[{}]])"}, {"{}"}},
      {R"({"type": "array", "items": {"type": "null"}, "minItems": 70, "maxItems": 70})",
       {},
       {"[null]"}},
  });
}

TEST(JsonSchema, CombinationsAndReferences) {
  check({
      {R"({"anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 1}]})",
       {"1", "\"a\""},
       {"\"ab\"", "null"}},
      {R"({"type": "object", "properties": {"k": {"type": "string"}}, "required": ["k"],
           "anyOf": [{"properties": {"a": {"type": "null"}}, "required": ["a"]},
                     {"properties": {"b": {"type": "null"}}, "required": ["b"]}]})",
       {R"({"k":"","a":null})", R"({"k":"","b":null})"},
       {R"({"k":""})", R"({"a":null})"}},
      {R"({"oneOf": [{"type": "object", "properties": {"t": {"const": 1}}, "required": ["t"]},
                     {"type": "object", "properties": {"t": {"const": 2}}, "required": ["t"]},
                     {"type": "null"}]})",
       {R"({"t":1})", R"({"t":2})", "null"},
       {R"({"t":3})"}},
      {R"({"allOf": [{"type": "number", "minimum": 3}, {"type": "integer", "maximum": 5},
                     {"minimum": 4}]})",
       {"4", "5"},
       {"3", "4.5", "6"}},
      {R"({"allOf": [{"$ref": "#/$defs/a"}, {"properties": {"y": {"type": "null"}},
           "required": ["y"]}], "$defs": {"a": {"type": "object",
           "properties": {"x": {"type": "null"}}}}})",
       {R"({"x":null,"y":null})", R"({"y":null})"},
       {R"({"x":null})"}},
      {R"({"$ref": "#/definitions/node", "definitions": {"node": {"type": "object",
           "properties": {"v": {"type": "integer"}, "next": {"anyOf": [
           {"$ref": "#/definitions/node"}, {"type": "null"}]}}, "required": ["v", "next"],
           "additionalProperties": false}}})",
       {R"({"v":1,"next":null})", R"({"v":1,"next":{"v":2,"next":{"v":3,"next":null}}})"},
       {R"({"v":1})", R"({"v":1,"next":{"v":2}})"}},
      {R"({"$ref": "#/$defs/a~1b%25", "$defs": {"a/b%": {"type": "null"}}})", {"null"}, {"1"}},
      {R"({"type": "integer", "nullable": true})", {"1", "null"}, {"\"\""}},
      {R"({"type": "object", "properties": {"a": {"$ref": "#"}}, "x-order": 3, "title": "t"})",
       {R"({"a":{"a":{}}})"},
       {}},
      {"true", {"1", "{}"}, {""}},
      {"{}", {"[1]"}, {"x"}},
  });
}

TEST(JsonSchema, SaysWhereItIsRefused) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"type": "stsring"})", "/type: this is no type"},
      {R"s({"type": "object", "properties": {"a": {"type": "string", "pattern": "(?=x)"}}})s",
       "/properties/a/pattern: offset 1: looking around"},
      {R"({"properties": {"a/b~": {"minlength": 3}}})",
       "/properties/a~1b~0/minlength: this keyword is not known"},
      {R"({"patternProperties": {}})", "/patternProperties: this keyword is not supported"},
      {R"({"not": {}})", "/not: this keyword is not supported"},
      {R"({"type": "array", "uniqueItems": true})", "/uniqueItems: this is not supported"},
      {R"({"type": "number", "multipleOf": 0.5})", "/multipleOf: only 1 is supported"},
      {R"({"type": "string", "format": "iri"})", "/format: this format is not known (date, "},
      {R"({"type": "string", "pattern": "a", "maxLength": 3})", "/pattern: a length beside it"},
      {R"({"type": "string", "minLength": 3, "maxLength": 2})", "/minLength: above maxLength"},
      {R"({"type": "string", "minLength": -1})", "/minLength: this must be an integer"},
      {R"({"type": "integer", "minimum": 3, "maximum": 2})", "/minimum: no number lies between"},
      {R"({"type": "integer", "minimum": 1e30})", "/minimum: a bound is below 10^18"},
      {R"({"type": "integer", "minimum": "3"})", "/minimum: this must be a number"},
      {R"({"$ref": "http://x/y"})", "/$ref: only references inside the schema"},
      {R"({"$ref": "#/$defs/a"})", "/$ref: \"#/$defs/a\" names nothing"},
      {R"({"$ref": "#"})", "(root): no finite text has this form"},
      {R"({"$ref": "#", "type": "object"})", "(root): schemas are nested deeper than 64"},
      {R"({"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "properties":
           {"a": {"$ref": "#/$defs/a"}}, "required": ["a"]}}})",
       "/$defs/a: no finite text has this form"},
      {R"({"oneOf": [{"type": "integer"}, {"type": "number"}]})",
       "/oneOf: a value may be in both branches 0 and 1"},
      {R"({"anyOf": [], "type": "object"})", "/anyOf: this must be a list"},
      {R"({"allOf": [{"type": "string"}, {"type": "null"}]})", "/type: no type is allowed by all"},
      {R"({"allOf": [{"pattern": "a"}, {"pattern": "b"}]})", "/pattern: two of these cannot be"},
      {R"({"allOf": [{"properties": {"a": {}}, "additionalProperties": false},
                     {"properties": {"b": {}}}]})",
       "/additionalProperties: another part names the property \"b\""},
      {R"({"allOf": [{"prefixItems": [{}]}, {"items": {}}]})", "/prefixItems: another part"},
      {R"({"enum": []})", "/enum: no value is left"},
      {R"({"enum": ["a"], "minLength": 1})", "/minLength: this is not supported beside enum"},
      {R"({"type": "object", "required": ["a"], "additionalProperties": false})",
       "/required: \"a\" is required, but may not be there"},
      {R"({"type": "object", "minProperties": 1})", "/minProperties: more than the required"},
      {R"({"type": "object", "maxProperties": 1})", "/maxProperties: fewer properties"},
      {R"({"type": "array", "items": [{}]})", "/items: a list of schemas"},
      {R"({"type": "array", "minItems": 2, "maxItems": 1})", "/minItems: more items"},
      {R"({"properties": {"a": {"$id": "x"}}})", "/properties/a/$id: this keyword is not known"},
      {R"({"properties": {"a": 1}})", "/properties/a: a schema is an object, true or false"},
      {"false", "(root): false allows no value"},
      {"[]", "(root): a schema is an object"},
      {"{", "the schema is no JSON: syntax error near byte"},
  };
  for (const auto& [text, message] : cases) {
    const Status status = check_output_format(schema(text));
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << text;
    EXPECT_TRUE(status.message().starts_with(message)) << text << " -> " << status.message();
    EXPECT_EQ(status.param(), "response_format") << text;
    EXPECT_FALSE(status.reason().empty()) << text;
  }
}

TEST(JsonSchema, LimitsHold) {
  const auto message_of = [](const std::string& text) {
    return check_output_format(schema(text)).message();
  };
  std::string deep = "{}";
  for (int i = 0; i < 80; ++i) deep = "{\"items\":" + deep + "}";
  EXPECT_NE(message_of(deep).find("nested deeper than 64"), std::string::npos) << message_of(deep);
  std::string deeper = "{}";
  for (int i = 0; i < 300; ++i) deeper = "{\"items\":" + deeper + "}";
  EXPECT_NE(message_of(deeper).find("nested deeper than 200"), std::string::npos);
  EXPECT_NE(message_of(std::string(70'000, ' ')).find("at most 65536"), std::string::npos);

  std::string many = "{\"properties\":{\"a\":{}";
  for (int i = 0; i < 1000; ++i) many += ",\"p" + std::to_string(i) + "\":{}";
  EXPECT_NE(message_of(many + "}}").find("more than 1000 properties"), std::string::npos);

  // Each of these doubles what the one before says.
  std::string bomb = "{\"$defs\":{\"d0\":{\"type\":\"object\"}";
  for (int i = 1; i < 16; ++i) {
    const std::string before = "{\"$ref\":\"#/$defs/d" + std::to_string(i - 1) + "\"}";
    bomb += ",\"d" + std::to_string(i) + "\":{\"allOf\":[" + before + "," + before + "]}";
  }
  bomb += "},\"$ref\":\"#/$defs/d15\"}";
  EXPECT_NE(message_of(bomb).find("more than 20000 schemas"), std::string::npos)
      << message_of(bomb);
}

// Objects in objects: what is written out once at each level must not double.
TEST(JsonSchema, GrowsWithTheSchema) {
  std::string nested = "{\"type\":\"null\"}";
  for (int i = 0; i < 30; ++i) {
    nested = R"({"type":"object","properties":{"a":)" + nested + R"(,"b":{"type":"null"}}})";
  }
  const auto automaton = build_automaton(schema(nested));
  ASSERT_TRUE(automaton.is_ok()) << automaton.status().message();
  EXPECT_LT(automaton->num_nodes(), 3000u);
}

}  // namespace
}  // namespace youtu
