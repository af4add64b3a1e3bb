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
      {R"({"type": "string", "pattern": "^(ab|水)+$", "minLength": 2, "maxLength": 4})",
       {R"("ab")", R"("水水")", R"("水ab水")", R"("abab")"},
       {R"("水")", R"("ab水ab")", R"("aba")", R"("")"}},
      {R"({"type": "string", "pattern": "b", "minLength": 3})",
       {R"("abc")", R"("\"\nb")", R"("水水水水b")"},
       {R"("ab")", R"("acc")"}},
      {R"({"type": "string", "pattern": "b", "maxLength": 2})",
       {R"("b")", R"("\\b")"},
       {R"("aab")", R"("a")"}},
      {R"({"type": "string", "format": "hostname", "maxLength": 5})",
       {R"("a.b")", R"("a-b.c")"},
       {R"("abc.de")"}},
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
      {R"({"type": "number", "multipleOf": 0.25, "minimum": -1, "exclusiveMaximum": 2})",
       {"-1", "-0.75", "0", "0.5", "0.50", "1.75"},
       {"-1.25", "0.3", "2", "0.500", "-0"}},
      {R"({"type": "integer", "multipleOf": 7, "minimum": 1000})",
       {"1001", "7007"},
       {"7", "994", "1000"}},
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
      {R"({"type": "object", "maxProperties": 1})", {"{}", R"({"a":1})"}, {R"({"a":1,"b":2})"}},
      {R"({"type": "object", "required": ["x"], "maxProperties": 2})",
       {R"({"x":1})", R"({"x":1,"y":2})"},
       {"{}", R"({"x":1,"y":2,"z":3})"}},
  });
}

TEST(JsonSchema, PatternsOfNames) {
  check({
      {R"({"patternProperties": {"^x-": {"type": "integer"}}})",
       {"{}", R"({"x-a":1,"x-":2})"},
       {R"({"x-a":null})", R"({"y":1})", R"({"\u0078-a":1})"}},
      {R"({"patternProperties": {"^x-": {"type": "integer"}}, "additionalProperties": true})",
       {R"({"x-a":1,"y":null,"x":"","ax-":[]})"},
       {R"({"x-a":null})"}},
      // A name is held to all that it matches.
      {R"({"patternProperties": {"^a": {"minimum": 5, "type": "integer"}, "z$": {"maximum": 9}},
           "additionalProperties": {"type": "null"}})",
       {R"({"a":50,"z":-8,"az":7,"b":null})", R"({"az":5})"},
       {R"({"az":50})", R"({"az":4})", R"({"a":4})", R"({"b":7})"}},
      {R"({"properties": {"ab": {"maximum": 9}}, "patternProperties": {"^a": {"type": "integer"}},
           "required": ["ac"], "additionalProperties": false})",
       {R"({"ab":9,"ac":10})", R"({"ac":0,"ad":1})"},
       {R"({"ab":10,"ac":0})", R"({"ac":""})", R"({"ab":1})", R"({"ac":0,"ab":10})"}},
      {R"({"properties": {"ab": true}, "patternProperties": {"b": false},
           "additionalProperties": true})",
       {"{}", R"({"a":1})"},
       {R"({"ab":1})", R"({"b":1})"}},
      {R"({"patternProperties": {"^\\\"$": {"type": "null"}}, "properties": {"\"": {}}})",
       {"{}", R"({"\"":null})"},
       {R"({"\"":1})"}},
      {R"({"allOf": [{"patternProperties": {"a": {"type": "integer"}}},
                     {"patternProperties": {"a": {"minimum": 3}, "b": {"type": "integer"}}}]})",
       {R"({"a":3,"b":0,"ab":3})"},
       {R"({"a":2})", R"({"ab":2})", R"({"b":""})"}},
  });
}

TEST(JsonSchema, DifferentItems) {
  check({
      {R"({"type": "array", "uniqueItems": true, "items": {"enum": ["a", "b", 1, 1.0]}})",
       {"[]", R"(["a"])", R"([1, "b","a"])", R"(["b","a",1])"},
       {R"(["a","a"])", R"([1,"a",1])", R"([1,"a","b",1])", R"(["a",])", R"(["c"])"}},
      {R"({"type": "array", "uniqueItems": true, "items": {"type": ["boolean", "null"]},
           "minItems": 2, "maxItems": 2})",
       {"[true,false]", "[null,true]"},
       {"[true]", "[true,true]", "[true,false,null]"}},
      {R"({"type": "array", "uniqueItems": true, "prefixItems": [{"const": 1}, {"enum": [1, 2]}],
           "items": {"enum": [1, 2, 3]}})",
       {"[]", "[1]", "[1,2]", "[1,2,3]"},
       {"[2]", "[1,1]", "[1,2,1]", "[1,3]"}},
      {R"({"type": "array", "uniqueItems": true, "maxItems": 1})",
       {"[]", R"([{"a":1}])"},
       {"[1,2]"}},
      {R"({"type": "array", "uniqueItems": false, "items": {"const": 1}})", {"[1,1]"}, {}},
      {R"({"allOf": [{"type": "array", "uniqueItems": false}, {"uniqueItems": true}],
           "items": {"$ref": "#/$defs/e"}, "$defs": {"e": {"enum": [{"a": 1, "b": 2}, 3]}}})",
       {R"([{"a":1,"b":2},3])"},
       {"[3,3]"}},
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

using Refusals = std::vector<std::pair<const char*, const char*>>;

void check_refusals(const Refusals& cases) {
  for (const auto& [text, message] : cases) {
    const Status status = check_output_format(schema(text));
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << text;
    EXPECT_TRUE(status.message().starts_with(message)) << text << " -> " << status.message();
    EXPECT_EQ(status.param(), "response_format") << text;
    EXPECT_FALSE(status.reason().empty()) << text;
  }
}

TEST(JsonSchema, SaysWhereItIsRefused) {
  check_refusals({
      {R"({"type": "stsring"})", "/type: this is no type"},
      {R"s({"type": "object", "properties": {"a": {"type": "string", "pattern": "(?=x)"}}})s",
       "/properties/a/pattern: offset 1: looking around"},
      {R"({"properties": {"a/b~": {"minlength": 3}}})",
       "/properties/a~1b~0/minlength: this keyword is not known"},
      {R"({"propertyNames": {}})", "/propertyNames: this keyword is not supported"},
      {R"({"not": {}})", "/not: this keyword is not supported"},
      {R"({"type": "string", "format": "iri"})", "/format: this format is not known (date, "},
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
      {R"({"properties": {"a": {}, "b": {}}, "maxProperties": 1})", "/maxProperties: fewer"},
      {R"({"properties": {"a": {}}, "additionalProperties": true, "maxProperties": 2})",
       "/maxProperties: fewer properties"},
      {R"({"type": "array", "items": [{}]})", "/items: a list of schemas"},
      {R"({"type": "array", "minItems": 2, "maxItems": 1})", "/minItems: more items"},
      {R"({"properties": {"a": {"$id": "x"}}})", "/properties/a/$id: this keyword is not known"},
      {R"({"properties": {"a": 1}})", "/properties/a: a schema is an object, true or false"},
      {"false", "(root): false allows no value"},
      {"[]", "(root): a schema is an object"},
      {"{", "the schema is no JSON: syntax error near byte"},
  });
}

TEST(JsonSchema, SaysWhichPatternsSetsAndMultiplesAreRefused) {
  check_refusals({
      {R"({"patternProperties": []})", "/patternProperties: this must be an object of at most 16"},
      {R"s({"patternProperties": {"(?=x)": {}}})s",
       "/patternProperties/(?=x): offset 1: looking around"},
      {R"({"patternProperties": {"a.{20}$": {}}})",
       "/patternProperties: the patterns are too large to be told apart"},
      {R"({"patternProperties": {"^a": {"maximum": "3"}}})",
       "/patternProperties/^a/maximum: this must be a number"},
      {R"({"patternProperties": {"^a": {"type": "null"}}, "properties": {"a": {"type": "string"}}})",
       "/properties/a/type: no type is allowed by all"},
      {R"({"allOf": [{"patternProperties": {"a": {}}}, {"additionalProperties": false}]})",
       "/additionalProperties: another part has patternProperties"},
      {R"({"type": "array", "uniqueItems": 1})", "/uniqueItems: this must be true or false"},
      {R"({"type": "array", "uniqueItems": true})",
       "/uniqueItems: beside uniqueItems an item is an enum, a const, a boolean or null"},
      {R"({"type": "array", "uniqueItems": true, "items": {"type": "string"}})",
       "/items: beside uniqueItems an item is"},
      {R"({"type": "array", "uniqueItems": true, "items": {"type": "boolean"}, "minItems": 3})",
       "/minItems: more different items than there are"},
      {R"({"type": "array", "uniqueItems": true, "items": {"enum": [1,2,3,4,5,6,7,8,9,10,11,12]}})",
       "/uniqueItems: its items have more than 2048 different sets"},
      {R"({"type": "number", "multipleOf": 0})", "/multipleOf: this must be a number above 0"},
      {R"({"type": "number", "multipleOf": 1e-20})", "/multipleOf: it has more than 12 digits"},
      {R"({"type": "integer", "multipleOf": 10007})", "/multipleOf: its multiples between the"},
      {R"({"type": "integer", "multipleOf": 3, "minimum": 1e16})", "/multipleOf: its multiples"},
      {R"({"type": "integer", "multipleOf": 30, "minimum": 1, "maximum": 29})",
       "/multipleOf: no multiple lies between"},
      {R"({"allOf": [{"multipleOf": 2}, {"multipleOf": 3}]})", "/multipleOf: two of these cannot"},
      {R"({"type": "string", "pattern": "^ab{20}$", "maxLength": 3})", "/pattern: no finite text"},
      {R"({"type": "string", "pattern": "^ab?$", "minLength": 3})", "/pattern: no finite text"},
      {R"({"type": "string", "pattern": "a.{20}$", "maxLength": 300})",
       "/pattern: with the length beside it, it is too large"},
  });
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
