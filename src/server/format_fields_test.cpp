#include "server/format_fields.h"

#include <gtest/gtest.h>

#include "server/tool_format.h"

namespace youtu {
namespace {

using Kind = OutputFormat::Kind;

Result<std::optional<OutputFormat>> read(const std::string& body) {
  return read_format_fields(*parse_json(body), body);
}

TEST(FormatFields, ReadsOpenAisForms) {
  EXPECT_EQ(*read("{}"), std::nullopt);
  EXPECT_EQ(*read(R"({"response_format":{"type":"text"}})"), std::nullopt);
  EXPECT_EQ(*read(R"({"response_format":null})"), std::nullopt);
  EXPECT_EQ((*read(R"({"response_format":{"type":"json_object"}})"))->kind, Kind::kJsonObject);
  const auto format =
      *read(R"({"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,)"
            R"("schema":{"type":"object","properties":{"z":{},"a":{}}}}}})");
  EXPECT_EQ(format->kind, Kind::kJsonSchema);
  // In the order in which the client wrote it.
  EXPECT_EQ(format->text, R"({"type":"object","properties":{"z":{},"a":{}}})");
}

TEST(FormatFields, ReadsWhatOtherServersCallTheirs) {
  EXPECT_EQ((*read(R"({"guided_json":{"type":"null"}})"))->text, R"({"type":"null"})");
  EXPECT_EQ((*read(R"({"guided_json":"{\"type\":\"null\"}"})"))->text, R"({"type":"null"})");
  EXPECT_EQ((*read(R"({"json_schema":{"type":"null"}})"))->kind, Kind::kJsonSchema);
  EXPECT_EQ((*read(R"({"guided_regex":"a+"})"))->kind, Kind::kRegex);
  EXPECT_EQ((*read(R"({"grammar":"root ::= \"a\""})"))->kind, Kind::kGrammar);
  EXPECT_EQ((*read(R"({"guided_choice":["a","b"]})"))->choices,
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ((*read(R"({"structured_outputs":{"choice":["a"]}})"))->kind, Kind::kChoice);
  EXPECT_EQ((*read(R"({"structured_outputs":{"json_object":true}})"))->kind, Kind::kJsonObject);
}

TEST(FormatFields, RefusesWhatIsWrongAndSaysWhere) {
  const auto param = [](const std::string& body) { return read(body).status().param(); };
  EXPECT_EQ(param(R"({"response_format":"json"})"), "response_format");
  EXPECT_EQ(param(R"({"response_format":{"type":"xml"}})"), "response_format.type");
  EXPECT_EQ(param(R"({"response_format":{"type":"json_schema"}})"), "response_format");
  EXPECT_EQ(param(R"({"response_format":{"type":"json_schema","json_schema":{"schema":3}}})"),
            "response_format.json_schema.schema");
  EXPECT_EQ(param(R"({"guided_choice":"a"})"), "guided_choice");
  EXPECT_EQ(param(R"({"guided_choice":[1]})"), "guided_choice");
  EXPECT_EQ(param(R"({"guided_regex":1})"), "guided_regex");
  EXPECT_EQ(param(R"({"structured_outputs":{}})"), "structured_outputs");
  EXPECT_EQ(param(R"({"structured_outputs":{"x":1}})"), "structured_outputs.x");
  EXPECT_EQ(read(R"({"guided_regex":"a","guided_json":{}})").status().reason(), "given_twice");
}

class ToolFormatTest : public ::testing::Test {
 protected:
  ToolFormatTest() {
    for (const char* name : {"f", "g"}) {
      OrderedJson function;
      function["name"] = name;
      function["parameters"] = OrderedJson::parse(
          R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"]})");
      EXPECT_TRUE(add_tool(function, "tools", tools_));
    }
  }
  std::vector<Tool> tools_;
};

TEST_F(ToolFormatTest, FreeAnswersHaveNoForm) {
  for (const ToolChoice::Kind kind : {ToolChoice::Kind::kAuto, ToolChoice::Kind::kNone}) {
    EXPECT_EQ(*make_tool_format(tools_, {kind, {}}, true, std::nullopt), std::nullopt);
  }
}

TEST_F(ToolFormatTest, TheFormsThatItMakesCanBeHeld) {
  const OutputFormat object;
  using Choice = ToolChoice::Kind;
  for (const auto& [choice, answer] :
       {std::pair<ToolChoice, std::optional<OutputFormat>>({Choice::kRequired, {}}, std::nullopt),
        {{Choice::kNamed, "g"}, std::nullopt},
        {{Choice::kAuto, {}}, object}}) {
    for (const bool several : {true, false}) {
      const auto format = make_tool_format(tools_, choice, several, answer);
      ASSERT_TRUE(format && *format);
      const Status status = check_output_format(**format);
      EXPECT_TRUE(status) << status.message() << "\n" << (*format)->text;
      EXPECT_EQ((*format)->text.find("\"const\":\"f\"") == std::string::npos,
                choice.kind == Choice::kNamed);
    }
  }
}

TEST_F(ToolFormatTest, ACallThatMustBeLeavesNoRoomForAnotherForm) {
  const ToolChoice required = {ToolChoice::Kind::kRequired, {}};
  EXPECT_EQ(make_tool_format(tools_, required, true, OutputFormat{}).status().param(),
            "response_format");
  OutputFormat regex = {.kind = Kind::kRegex};
  regex.text = "a";
  EXPECT_FALSE(make_tool_format(tools_, {ToolChoice::Kind::kAuto, {}}, true, regex));
}

TEST_F(ToolFormatTest, AWrongSchemaIsToldAlsoWhereItIsNotHeld) {
  EXPECT_TRUE(check_tool_schemas(tools_));
  tools_[1].parameters = R"({"type":"object","properties":{"a":{"type":"stsring"}}})";
  const Status status = check_tool_schemas(tools_);
  EXPECT_EQ(status.param(), "tools");
  EXPECT_NE(status.message().find("tools[1]"), std::string::npos) << status.message();
  EXPECT_NE(status.message().find("/properties/a/type"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace youtu
