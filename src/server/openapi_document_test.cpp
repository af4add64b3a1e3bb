// What the description of the API says of fields, against what the server reads.
#include "server/openapi_document.h"

#include <gtest/gtest.h>

#include <set>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/json.h"
#include "server/anthropic/message_request.h"
#include "server/message_fields.h"
#include "server/openai/chat_request.h"
#include "server/openai/completion_request.h"
#include "server/responses/response_request.h"
#include "server/sampling_fields.h"
#include "server/tools.h"
#include "server/wire.h"

namespace youtu {
namespace {

const Json& document() {
  static const Json parsed = Json::parse(openapi_document());
  return parsed;
}

// What a {"$ref": "#/…"} stands for.
const Json& resolve(const Json& schema) {
  const auto reference = schema.find("$ref");
  if (reference == schema.end()) return schema;
  const std::string path = reference->get<std::string>().substr(1);
  return resolve(document().at(Json::json_pointer(path)));
}

const Json& schema(const std::string& name) {
  return document().at("components").at("schemas").at(name);
}

// Of a schema and all that it is made of.
std::set<std::string> properties(const Json& schema) {
  std::set<std::string> names;
  for (const auto& [name, property] : schema.at("properties").items()) names.insert(name);
  if (!schema.contains("allOf")) return names;
  for (const Json& part : schema["allOf"]) names.merge(properties(resolve(part)));
  return names;
}

std::set<std::string> set_of(std::span<const std::string_view> names) {
  return {names.begin(), names.end()};
}

TEST(OpenApiDocument, HasTheFieldsThatTheServerKnows) {
  EXPECT_EQ(properties(schema("SamplingFields")), set_of(sampling_field_names()));
  EXPECT_EQ(properties(schema("ChatRequest")), set_of(chat_field_names()));
  EXPECT_EQ(properties(schema("ChatCompletionRequest")),
            set_of(openai::chat_completion_field_names()));
  EXPECT_EQ(properties(schema("CompletionRequest")), set_of(openai::completion_field_names()));
  EXPECT_EQ(properties(schema("ResponseRequest")), set_of(responses::response_field_names()));
  EXPECT_EQ(properties(schema("MessageRequest")), set_of(anthropic::message_field_names()));
}

// The names that mean the same parameter as `name`.
std::vector<std::string> spellings(const std::string& name) {
  std::vector<std::string> names;
  const std::string place = "#/components/schemas/SamplingFields/properties/" + name;
  for (const auto& [other, property] : schema("SamplingFields")["properties"].items()) {
    if (other == name || property.value("$ref", "") == place) names.push_back(other);
  }
  return names;
}

TEST(OpenApiDocument, HasTheRangesOfTheSamplingParameters) {
  for (const SamplingRange& range : sampling_ranges()) {
    const std::string name(range.name);
    SCOPED_TRACE(name);
    const Json& property = schema("SamplingFields")["properties"].at(name);
    const bool is_integer = std::holds_alternative<int64_t SamplingParams::*>(range.member);
    EXPECT_EQ(property["type"], Json({is_integer ? "integer" : "number", "null"}));
    EXPECT_EQ(property.at(range.above_minimum ? "exclusiveMinimum" : "minimum"), range.minimum);
    EXPECT_EQ(property.at("maximum"), range.maximum);
    // Each spelling is read into that parameter and no other.
    for (const std::string& spelling : spellings(name)) {
      SamplingParams params;
      params.max_new_tokens = 1;
      SamplingParams changed = params;
      std::visit([&](auto member) { changed.*member += 1; }, range.member);
      if (name == "top_p") changed.top_p = 0.5;
      const OrderedJson value = sampling_fields(changed).at(name);
      ASSERT_TRUE(read_sampling_fields({{spelling, Json::parse(value.dump())}}, params).is_ok());
      EXPECT_EQ(params, changed) << spelling;
    }
  }
}

TEST(OpenApiDocument, HasTheLimitsOfLists) {
  const auto property = [](const std::string& request, const std::string& name) -> const Json& {
    return schema(request)["properties"].at(name);
  };
  EXPECT_EQ(property("SamplingFields", "logit_bias")["maxProperties"], kMaxLogitBiases);
  EXPECT_EQ(property("SamplingFields", "stop_token_ids")["maxItems"], kMaxStopTokenIds);
  EXPECT_EQ(property("SamplingFields", "stop")["anyOf"][2]["maxItems"], kMaxStopStrings);
  EXPECT_EQ(property("CompletionFields", "n")["maximum"], openai::kMaxChoices);
  EXPECT_EQ(property("ChatCompletionRequest", "tools")["maxItems"], kMaxTools);
  EXPECT_EQ(property("ChatCompletionRequest", "top_logprobs")["maximum"], kMaxTopLogprobs);
  EXPECT_EQ(property("ChatRequest", "explain_tokens")["maximum"], kMaxExplainedCandidates);
  EXPECT_EQ(property("ChatRequest", "reasoning_budget_message")["maxLength"], kMaxLastWordsBytes);
  EXPECT_EQ(property("SchedulingFields", "cache_salt")["maxLength"], kMaxCacheSaltBytes);
  EXPECT_EQ(property("SchedulingFields", "timeout_ms")["maximum"], kMaxTimeout.count());
  EXPECT_EQ(schema("Messages")["maxItems"], kMaxMessages);
}

}  // namespace
}  // namespace youtu
