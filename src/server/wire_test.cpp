#include "server/wire.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "server/sampling_fields.h"

namespace youtu {
namespace {

// The request that `fields` (JSON without braces) and a prompt make.
Result<ChatRequest> parse(const std::string& fields, const ChatDefaults& defaults = {}) {
  return parse_chat_request("{\"prompt\":\"hi\"" + (fields.empty() ? "" : "," + fields) + "}",
                            defaults);
}

struct Refused {
  std::string body;
  std::string param;
  std::string reason;
};

class RefusedBody : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedBody, NamesParameterAndReason) {
  const auto request = parse_chat_request(GetParam().body, {});
  ASSERT_FALSE(request) << GetParam().body;
  EXPECT_EQ(request.status().param(), GetParam().param) << request.status().message();
  EXPECT_EQ(request.status().reason(), GetParam().reason) << request.status().message();
  EXPECT_FALSE(request.status().message().empty());
}

std::string prompt_and(const std::string& field) {
  return "{\"prompt\":\"hi\"," + field + "}";
}
std::string messages(const std::string& list) {
  return "{\"messages\":" + list + "}";
}
std::string repeated(const std::string& item, int times) {
  std::string list;
  for (int i = 0; i < times; ++i) list += (i ? "," : "") + item;
  return "[" + list + "]";
}
constexpr const char* kMessage = R"({"role":"user","content":"a"})";

INSTANTIATE_TEST_SUITE_P(
    Json, RefusedBody,
    ::testing::Values(Refused{"", "", "invalid_json"}, Refused{"{", "", "invalid_json"},
                      Refused{"{\"prompt\":\"x\",}", "", "invalid_json"},
                      Refused{"{'prompt':'x'}", "", "invalid_json"},
                      Refused{"{}{}", "", "invalid_json"}, Refused{"[]", "", "type"},
                      Refused{"1", "", "type"}, Refused{std::string(100'000, '['), "", "too_deep"},
                      Refused{prompt_and("\"top_k\":1,\"top_k\":2"), "", "duplicate_key"},
                      Refused{prompt_and("\"temperature\":NaN"), "", "invalid_json"},
                      Refused{prompt_and("\"temperature\":1e999"), "", "out_of_range"},
                      Refused{"{\"prompt\":\"\xff\"}", "", "invalid_utf8"},
                      Refused{"{\"prompt\":\"\\ud800\"}", "", "invalid_unicode"},
                      Refused{"{\"prompt\":\"a\nb\"}", "", "invalid_json"}));

INSTANTIATE_TEST_SUITE_P(
    Conversation, RefusedBody,
    ::testing::Values(
        Refused{"{}", "prompt", "missing"}, Refused{"{\"prompt\":null}", "prompt", "type"},
        Refused{"{\"prompt\":1}", "prompt", "type"}, Refused{"{\"prompt\":[]}", "prompt", "type"},
        Refused{"{\"prompt\":{}}", "prompt", "type"},
        Refused{"{\"prompt\":\"\"}", "prompt", "empty"},
        Refused{R"({"prompt":" \u2026 ","messages":[]})", "prompt", "given_twice"},
        Refused{messages("[]"), "messages", "empty"}, Refused{messages("{}"), "messages", "type"},
        Refused{messages("[1]"), "messages[0]", "type"},
        Refused{messages(R"([{"content":"a"}])"), "messages[0].role", "missing"},
        Refused{messages(R"([{"role":1,"content":"a"}])"), "messages[0].role", "type"},
        Refused{messages(R"([{"role":"root","content":"a"}])"), "messages[0].role", "out_of_range"},
        Refused{messages(R"([{"role":"user"}])"), "messages[0].content", "missing"},
        Refused{messages(R"([{"role":"user","content":7}])"), "messages[0].content", "type"},
        Refused{messages(R"([{"role":"user","content":""}])"), "messages[0].content", "empty"},
        Refused{messages(repeated(kMessage, 1025)), "messages", "out_of_range"},
        Refused{
            messages(
                R"([{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://x"}}]}])"),
            "messages[0].content[0]", "unsupported_content"},
        Refused{messages(R"([{"role":"user","content":[{"type":"text"}]}])"),
                "messages[0].content[0].text", "type"},
        Refused{
            R"({"system":"s","messages":[{"role":"system","content":"t"},{"role":"user","content":"a"}]})",
            "system", "given_twice"}));

INSTANTIATE_TEST_SUITE_P(
    Parameters, RefusedBody,
    ::testing::Values(
        Refused{prompt_and("\"temperature\":\"0.5\""), "temperature", "type"},
        Refused{prompt_and("\"temperature\":-0.1"), "temperature", "out_of_range"},
        Refused{prompt_and("\"top_k\":-2"), "top_k", "out_of_range"},
        Refused{prompt_and("\"top_k\":2147483648"), "top_k", "out_of_range"},
        Refused{prompt_and("\"top_k\":9223372036854775808"), "top_k", "out_of_range"},
        Refused{prompt_and("\"top_k\":1.5"), "top_k", "type"},
        Refused{prompt_and("\"top_k\":\"40\""), "top_k", "type"},
        Refused{prompt_and("\"top_p\":0"), "top_p", "out_of_range"},
        Refused{prompt_and("\"top_p\":1.01"), "top_p", "out_of_range"},
        Refused{prompt_and("\"min_p\":-1"), "min_p", "out_of_range"},
        Refused{prompt_and("\"min_p\":2"), "min_p", "out_of_range"},
        Refused{prompt_and("\"max_new_tokens\":0"), "max_new_tokens", "out_of_range"},
        Refused{prompt_and("\"max_new_tokens\":1e30"), "max_new_tokens", "out_of_range"},
        Refused{prompt_and("\"max_new_tokens\":18446744073709551616"), "max_new_tokens",
                "out_of_range"},
        Refused{prompt_and("\"max_tokens\":1000000000"), "max_tokens", "out_of_range"},
        Refused{prompt_and("\"max_tokens\":true"), "max_tokens", "type"},
        Refused{prompt_and("\"max_tokens\":1,\"max_new_tokens\":1"), "max_tokens", "given_twice"},
        Refused{prompt_and("\"repetition_penalty\":0"), "repetition_penalty", "out_of_range"},
        Refused{prompt_and("\"repetition_penalty\":1e30"), "repetition_penalty", "out_of_range"},
        Refused{prompt_and("\"presence_penalty\":2.1"), "presence_penalty", "out_of_range"},
        Refused{prompt_and("\"frequency_penalty\":-2.1"), "frequency_penalty", "out_of_range"},
        Refused{prompt_and("\"no_repeat_ngram_size\":-1"), "no_repeat_ngram_size", "out_of_range"},
        Refused{prompt_and("\"seed\":-1"), "seed", "out_of_range"},
        Refused{prompt_and("\"seed\":18446744073709551616"), "seed", "out_of_range"},
        Refused{prompt_and("\"seed\":1.5"), "seed", "type"},
        Refused{prompt_and("\"seed\":\"x\""), "seed", "type"},
        Refused{prompt_and("\"stop\":\"\""), "stop", "out_of_range"},
        Refused{prompt_and("\"stop\":[\"\"]"), "stop", "out_of_range"},
        Refused{prompt_and("\"stop\":" + repeated("\"a\"", 17)), "stop", "out_of_range"},
        Refused{prompt_and("\"stop\":\"" + std::string(257, 'a') + "\""), "stop", "out_of_range"},
        Refused{prompt_and("\"stop\":7"), "stop", "type"},
        Refused{prompt_and("\"stop\":[7]"), "stop", "type"},
        Refused{prompt_and("\"enable_thinking\":\"yes\""), "enable_thinking", "type"},
        Refused{prompt_and("\"clean_input\":1"), "clean_input", "type"},
        Refused{prompt_and("\"preset\":\"fast\""), "preset", "unknown_preset"},
        Refused{prompt_and("\"config\":\"fast\""), "config", "unknown_preset"},
        Refused{prompt_and("\"config\":7"), "config", "type"},
        Refused{prompt_and("\"config\":\"speed\",\"preset\":\"quality\""), "config", "given_twice"},
        Refused{prompt_and("\"stream_format\":\"xml\""), "stream_format", "out_of_range"},
        Refused{prompt_and("\"cache_salt\":\"\""), "cache_salt", "empty"},
        Refused{prompt_and("\"cache_salt\":7"), "cache_salt", "type"},
        Refused{prompt_and("\"cache_salt\":\"" + std::string(257, 'a') + "\""), "cache_salt",
                "out_of_range"},
        Refused{prompt_and("\"priority\":\"high\""), "priority", "type"},
        Refused{prompt_and("\"priority\":0.5"), "priority", "type"},
        Refused{prompt_and("\"priority\":-1001"), "priority", "out_of_range"},
        Refused{prompt_and("\"priority\":18446744073709551615"), "priority", "out_of_range"}));

TEST(ParseChatRequest, ErrorsSayTheRange) {
  EXPECT_EQ(parse("\"temperature\":300").status().message(), "temperature is 300 (0 to 100)");
  EXPECT_EQ(parse("\"max_tokens\":0").status().message(), "max_tokens is 0 (1 to 1048576)");
  EXPECT_EQ(parse("\"priority\":1001").status().message(), "priority is 1001 (-1000 to 1000)");
  EXPECT_EQ(parse("\"cache_salt\":\"" + std::string(300, 'a') + "\"").status().message(),
            "cache_salt has 300 bytes (at most 256)");
}

TEST(ParseChatRequest, IsBalancedByDefault) {
  const auto request = parse("");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->preset, "balanced");
  EXPECT_EQ(request->sampling, find_sampling_preset("balanced")->params);
  EXPECT_FALSE(request->enable_thinking);
  ASSERT_EQ(request->messages.size(), 1u);
  EXPECT_EQ(request->messages[0].role, "user");
  EXPECT_EQ(request->messages[0].content, "hi");
}

TEST(ParseChatRequest, SingleFieldsOverrideThePreset) {
  for (const char* key : {"config", "preset"}) {
    const auto request =
        parse("\"" + std::string(key) + R"(":"speed","temperature":0.9,"top_k":40.0,"seed":7)");
    ASSERT_TRUE(request) << request.status().message();
    SamplingParams expected = find_sampling_preset("speed")->params;
    expected.temperature = 0.9;
    expected.top_k = 40;
    expected.seed = 7;
    EXPECT_EQ(request->sampling, expected);
  }
}

TEST(ParseChatRequest, TakesEveryParameterAtItsLimits) {
  const auto low = parse(
      R"("temperature":0,"top_k":-1,"top_p":1e-9,"min_p":0,"max_new_tokens":1,"repetition_penalty":0.01,)"
      R"("presence_penalty":-2,"frequency_penalty":-2,"no_repeat_ngram_size":0,"seed":0,"stop":"a")");
  EXPECT_TRUE(low) << low.status().message();
  const auto high = parse(
      R"("temperature":100,"top_k":2147483647,"top_p":1,"min_p":1,"max_new_tokens":1048576,"repetition_penalty":10,)"
      R"("presence_penalty":2,"frequency_penalty":2,"no_repeat_ngram_size":64,"seed":18446744073709551615,)"
      "\"stop\":" +
      repeated("\"" + std::string(256, 'a') + "\"", 16));
  ASSERT_TRUE(high) << high.status().message();
  EXPECT_EQ(high->sampling.seed, UINT64_MAX);
}

TEST(ParseChatRequest, NullIsTheSameAsAbsent) {
  const auto request = parse(
      R"("temperature":null,"preset":null,"stop":null,"seed":null,"messages":null,"enable_thinking":null)");
  ASSERT_TRUE(request) << request.status().message();
  EXPECT_EQ(request->sampling, find_sampling_preset("balanced")->params);
}

TEST(ParseChatRequest, KnowsSaltAndPriority) {
  const auto request = parse("\"priority\":-1000,\"cache_salt\":\"" + std::string(256, 'a') + "\"");
  ASSERT_TRUE(request) << request.status().message();
  EXPECT_EQ(request->scheduling.priority, -1000);
  EXPECT_EQ(request->scheduling.cache_salt, std::string(256, 'a'));
  EXPECT_TRUE(request->warnings.empty());
  EXPECT_EQ(parse("")->scheduling.priority, 0);
  EXPECT_EQ(parse("\"cache_salt\":null,\"priority\":null")->scheduling.cache_salt, "");
}

TEST(ParseChatRequest, ListsWhatItDoesNotKnow) {
  const auto request = parse(R"("foo":1,"__proto__":{},"top_kk":2)");
  ASSERT_TRUE(request);
  EXPECT_EQ(ignored_fields_header(request->warnings), "__proto__, foo, top_kk");
  EXPECT_NE(request->warnings[2].message.find("did you mean top_k?"), std::string::npos);
  EXPECT_EQ(parse(R"("strict":true,"foo":1)").status().reason(), "unknown_parameter");
  EXPECT_EQ(ignored_fields_header(std::vector<std::string>{"a\r\nSet-Cookie: x"}),
            "a??Set-Cookie??x");
  EXPECT_EQ(ignored_fields_header(std::vector<std::string>(17, "a")).substr(42), "a, a, ...");
}

TEST(ParseChatRequest, TakesTheBudgetOfThoughtsByAllItsNames) {
  EXPECT_EQ(parse("")->sampling.thinking_token_budget, -1);
  for (const std::string name : {"thinking_token_budget", "reasoning_budget",
                                 "reasoning_budget_tokens", "thinking_budget_tokens"}) {
    const auto request = parse("\"enable_thinking\":true,\"" + name + "\":30");
    ASSERT_TRUE(request) << request.status().message();
    EXPECT_EQ(request->sampling.thinking_token_budget, 30);
    EXPECT_TRUE(request->enable_thinking);
    EXPECT_EQ(parse("\"" + name + "\":-2").status().param(), name);
  }
  EXPECT_EQ(parse(R"("reasoning_budget_message":"so:")")->last_words, "so:");
  EXPECT_EQ(
      parse("\"reasoning_budget_message\":\"" + std::string(257, 'x') + "\"").status().reason(),
      "out_of_range");
  // No token for a thought is no thought.
  EXPECT_FALSE(parse(R"("enable_thinking":true,"thinking_token_budget":0)")->enable_thinking);
}

TEST(ParseChatRequest, WarnsOfBudgetsThatDoNotHelp) {
  const auto warning = [](const std::string& fields) {
    const auto request = parse(fields);
    EXPECT_TRUE(request) << request.status().message();
    return request->warnings.empty() ? "" : request->warnings.front().param;
  };
  EXPECT_EQ(warning(R"("thinking_token_budget":30)"), "thinking_token_budget");
  EXPECT_EQ(warning(R"("thinking_token_budget":0)"), "");
  const std::string thinking = R"("preset":"recommended_thinking","enable_thinking":true,)";
  EXPECT_EQ(warning(thinking + R"("max_new_tokens":100)"), "max_new_tokens");
  EXPECT_EQ(warning(thinking + R"("max_new_tokens":100,"thinking_token_budget":50)"), "");
  EXPECT_EQ(warning(thinking + R"("max_new_tokens":100,"thinking_token_budget":100)"),
            "thinking_token_budget");
}

TEST(ParseChatRequest, ConversationsKeepTheirOrderAndGetTheSystemPrompt) {
  const auto request = parse_chat_request(
      R"({"system":"s","messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},)"
      R"({"role":"assistant","content":""},{"role":"user","content":"c"}]})",
      {});
  ASSERT_TRUE(request) << request.status().message();
  ASSERT_EQ(request->messages.size(), 4u);
  EXPECT_EQ(request->messages[0].role, "system");
  EXPECT_EQ(request->messages[1].content, "ab");
  EXPECT_EQ(request->messages[3].content, "c");
}

TEST(ParseChatRequest, CleansTheInputWhenAskedTo) {
  const std::string body = R"({"prompt":" “你好”… "})";
  EXPECT_EQ(parse_chat_request(body, {})->messages[0].content, " “你好”… ");
  ChatDefaults defaults;
  defaults.clean_input = true;
  EXPECT_EQ(parse_chat_request(body, defaults)->messages[0].content, "\"你好\"...");
  EXPECT_EQ(parse_chat_request(R"({"prompt":"  ","clean_input":true})", {}).status().reason(),
            "empty");
}

TEST(ChatAnswer, HasTheResponseFirst) {
  const auto request = parse("\"seed\":5");
  ChatAnswer answer;
  answer.response = "你好\n\"";
  answer.finish_reason = FinishReason::kLength;
  answer.usage = {3, 4, 0};
  const std::string body = chat_answer_body(answer, *request, "M");
  EXPECT_TRUE(body.starts_with("{\"response\":\"你好\\n\\\"\",\"finish_reason\":\"length\","))
      << body;
  const auto json = parse_json(body);
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["usage"]["total_tokens"], 7);
  EXPECT_EQ((*json)["preset"], "balanced");
  EXPECT_EQ((*json)["parameters"]["seed"], 5);
  EXPECT_FALSE(json->contains("reasoning"));
}

TEST(ParseChatRequest, ReadsWhatIsPromisedAndGuessed) {
  const auto request = parse_chat_request(
      R"({"prompt":"a","timeout_ms":5000,"ttft_slo_ms":200,"speculation":false,"prediction":"b"})",
      {});
  ASSERT_TRUE(request) << request.status().message();
  EXPECT_EQ(request->scheduling.timeout.count(), 5000);
  EXPECT_EQ(request->scheduling.ttft_slo.count(), 200);
  EXPECT_FALSE(request->scheduling.speculation);
  EXPECT_EQ(request->scheduling.prediction, "b");
  for (const char* body :
       {R"({"prompt":"a","timeout_ms":-1})", R"({"prompt":"a","timeout_ms":86400001})",
        R"({"prompt":"a","timeout_ms":"5"})", R"({"prompt":"a","timeout_ms":1.5})"}) {
    EXPECT_EQ(parse_chat_request(body, {}).status().param(), "timeout_ms") << body;
  }
  EXPECT_EQ(parse_chat_request(R"({"prompt":"a","prediction":7})", {}).status().param(),
            "prediction");
}

TEST(StatusResponse, MapsEachKindOfFailure) {
  EXPECT_EQ(status_response(Status::invalid_argument("x")).status, 400);
  EXPECT_EQ(status_response(Status::not_found("x")).status, 404);
  EXPECT_EQ(status_response(Status::internal("x")).status, 500);
  const http::Response full = status_response(Status::resource_exhausted("x", "queue_full"));
  EXPECT_EQ(full.status, 503);
  ASSERT_EQ(full.fields.size(), 1u);
  EXPECT_EQ(full.fields[0].name, "Retry-After");
  EXPECT_EQ(full.fields[0].value, "2");
  const auto told = [](double seconds) {
    return status_response(Status::resource_exhausted("x").with_retry_after(seconds))
        .fields[0]
        .value;
  };
  EXPECT_EQ(told(0.2), "1");
  EXPECT_EQ(told(7.1), "8");
  EXPECT_EQ(told(1e9), "60");
}

TEST(HealthBody, IsTheGuides) {
  EXPECT_EQ(health_body("healthy", "Youtu-LLM-2B"),
            R"({"status":"healthy","model":"Youtu-LLM-2B"})");
}

}  // namespace
}  // namespace youtu
