// The whole server over a scripted engine, as a client of OpenAI's API sees it.
#include "server/openai/openai_api.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/json.h"
#include "http/server.h"
#include "tests/support/raw_client.h"
#include "tests/support/scripted_engine.h"

namespace youtu::openai {
namespace {

using test::RawResponse;
using test::ScriptedEngine;

class OpenAiApiTest : public ::testing::Test {
 protected:
  void start(RequestSettings settings = {}, EngineOptions options = {},
             ScriptedEngine::Pace pace = ScriptedEngine::Pace::kFree) {
    engine_ = std::make_unique<ScriptedEngine>(pace, std::move(options));
    ServingOptions serving;
    serving.model_name = "Youtu-LLM-2B";
    serving.requests = std::move(settings);
    serving.requests.model_aliases = {"tencent/Youtu-LLM-2B"};
    state_ = std::make_unique<ServingState>(serving);
    api_ = std::make_unique<OpenAiApi>(*state_);
    http::ServerOptions server_options;
    server_options.port = 0;
    auto server = http::Server::bind(server_options);
    ASSERT_TRUE(server) << server.status().message();
    server_ = std::move(*server);
    engine_->set_step_listener([this] { server_->wake(); });
    http::Router router;
    api_->add_routes(router);
    server_->start(std::move(router));
    state_->attach(*engine_);
  }
  void TearDown() override {
    if (server_) server_->stop();
    engine_.reset();
  }
  RawResponse post(const std::string& path, const Json& body) {
    return test::post_json(server_->port(), path, body.dump());
  }
  RawResponse chat(Json body) {
    body["model"] = "Youtu-LLM-2B";
    return post("/v1/chat/completions", body);
  }
  static Json user(const std::string& text) {
    return {{"messages", {{{"role", "user"}, {"content", text}}}}};
  }
  static Json json(const RawResponse& response) {
    auto parsed = parse_json(response.body);
    EXPECT_TRUE(parsed) << response.body;
    return parsed ? *parsed : Json();
  }
  // The data of the events; the last one is "[DONE]".
  static std::vector<std::string> events(const RawResponse& response) {
    std::vector<std::string> events;
    std::istringstream lines(response.body);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("data: ")) events.push_back(line.substr(6));
    }
    return events;
  }
  void expect_error(const RawResponse& response, int status, const std::string& param,
                    const std::string& code) {
    EXPECT_EQ(response.status, status) << response.body;
    const Json error = json(response)["error"];
    EXPECT_EQ(error["param"], param.empty() ? Json() : Json(param)) << response.body;
    EXPECT_EQ(error["code"], code) << response.body;
    EXPECT_EQ(error["type"], status < 500 ? "invalid_request_error" : "server_error");
    EXPECT_EQ(error.size(), 4u);
  }

  std::unique_ptr<ScriptedEngine> engine_;
  std::unique_ptr<ServingState> state_;
  std::unique_ptr<OpenAiApi> api_;
  std::unique_ptr<http::Server> server_;
};

TEST_F(OpenAiApiTest, ListsItsModelUnderAllItsNames) {
  start();
  const Json list = json(test::get(server_->port(), "/v1/models"));
  EXPECT_EQ(list["object"], "list");
  ASSERT_EQ(list["data"].size(), 2u);
  EXPECT_EQ(list["data"][0]["id"], "Youtu-LLM-2B");
  EXPECT_EQ(list["data"][1]["id"], "tencent/Youtu-LLM-2B");
  EXPECT_EQ(json(test::get(server_->port(), "/v1/models/tencent%2FYoutu-LLM-2B"))["id"],
            "tencent/Youtu-LLM-2B");
  expect_error(test::get(server_->port(), "/v1/models/gpt-4o"), 404, "model", "model_not_found");
}

TEST_F(OpenAiApiTest, AnswersInOneBody) {
  start();
  const RawResponse response = chat(user("hello"));
  ASSERT_EQ(response.status, 200) << response.body;
  const Json body = json(response);
  EXPECT_TRUE(body["id"].get<std::string>().starts_with("chatcmpl-"));
  EXPECT_EQ(body["object"], "chat.completion");
  EXPECT_TRUE(body["created"].is_number_integer());
  EXPECT_EQ(body["model"], "Youtu-LLM-2B");
  ASSERT_EQ(body["choices"].size(), 1u);
  const Json& choice = body["choices"][0];
  EXPECT_EQ(choice["message"]["role"], "assistant");
  EXPECT_EQ(choice["message"]["content"], "You said: hello");
  EXPECT_TRUE(choice["message"]["refusal"].is_null());
  EXPECT_TRUE(choice["logprobs"].is_null());
  EXPECT_EQ(choice["finish_reason"], "stop");
  const Json& usage = body["usage"];
  EXPECT_EQ(usage["total_tokens"].get<int>(),
            usage["prompt_tokens"].get<int>() + usage["completion_tokens"].get<int>());
  EXPECT_EQ(usage["prompt_tokens_details"]["cached_tokens"], 0);
  EXPECT_FALSE(body.contains("warnings"));
}

TEST_F(OpenAiApiTest, StreamsRoleTextEndAndUsage) {
  start();
  Json body = user("hello");
  body["stream"] = true;
  body["stream_options"] = {{"include_usage", true}};
  const RawResponse response = chat(body);
  EXPECT_EQ(response.fields.at("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_EQ(response.fields.at("cache-control"), "no-cache");
  const std::vector<std::string> all = events(response);
  ASSERT_GE(all.size(), 5u);
  EXPECT_EQ(all.back(), "[DONE]");
  std::string text;
  std::string id;
  for (size_t i = 0; i + 2 < all.size(); ++i) {
    const Json chunk = *parse_json(all[i]);
    if (i == 0) id = chunk["id"].get<std::string>();
    EXPECT_EQ(chunk["id"], id);
    EXPECT_EQ(chunk["object"], "chat.completion.chunk");
    EXPECT_TRUE(chunk.contains("usage") && chunk["usage"].is_null());
    const Json& delta = chunk["choices"][0]["delta"];
    EXPECT_EQ(delta.contains("role"), i == 0);
    if (delta.contains("content")) text += delta["content"].get<std::string>();
    const bool is_last = i + 3 == all.size();
    EXPECT_EQ(chunk["choices"][0]["finish_reason"], is_last ? Json("stop") : Json());
    if (is_last) {
      EXPECT_EQ(delta, Json::object());
    }
  }
  EXPECT_EQ(text, "You said: hello");
  const Json usage = *parse_json(all[all.size() - 2]);
  EXPECT_EQ(usage["choices"], Json::array());
  EXPECT_EQ(usage["usage"]["completion_tokens"], 2);
}

TEST_F(OpenAiApiTest, WithoutIncludeUsageThereIsNoUsage) {
  start();
  Json body = user("hello");
  body["stream"] = true;
  for (const std::string& event : events(chat(body))) {
    if (event == "[DONE]") continue;
    EXPECT_FALSE(parse_json(event)->contains("usage")) << event;
  }
}

TEST_F(OpenAiApiTest, FillsTheContextWhereNoLengthIsGiven) {
  EngineOptions options;
  options.max_context_tokens = 64;
  start({}, options);
  ASSERT_EQ(chat(user("hello")).status, 200);
  const GenerationRequest request = engine_->last_request();
  EXPECT_EQ(request.sampling.max_new_tokens,
            64 - static_cast<int64_t>(request.prompt_tokens.size()));
  EXPECT_EQ(request.sampling.temperature, find_sampling_preset("recommended")->params.temperature);
  Json body = user("hello");
  body["max_completion_tokens"] = 60;
  const RawResponse refused = chat(body);
  expect_error(refused, 400, "max_tokens", "context_length_exceeded");
  EXPECT_NE(refused.body.find("lower max_tokens to"), std::string::npos) << refused.body;
  expect_error(chat(user(std::string(100, 'x'))), 400, "messages", "context_length_exceeded");
}

TEST_F(OpenAiApiTest, SeveralChoicesCountTheirPromptOnce) {
  start();
  Json body = user("hello");
  body["n"] = 3;
  body["seed"] = 5;
  const Json answer = json(chat(body));
  ASSERT_EQ(answer["choices"].size(), 3u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(answer["choices"][i]["index"], i);
  EXPECT_EQ(answer["usage"]["completion_tokens"], 6);
  EXPECT_EQ(answer["usage"]["prompt_tokens"].get<size_t>(),
            engine_->last_request().prompt_tokens.size());
  EXPECT_EQ(engine_->last_request().sampling.seed, 7u);
  body["stream"] = true;
  std::map<int, std::string> texts;
  for (const std::string& event : events(chat(body))) {
    if (event == "[DONE]") continue;
    const Json choice = (*parse_json(event))["choices"][0];
    texts[choice["index"].get<int>()] += choice["delta"].value("content", "");
  }
  ASSERT_EQ(texts.size(), 3u);
  for (const auto& [index, text] : texts) EXPECT_EQ(text, "You said: hello");
}

TEST_F(OpenAiApiTest, ReportsLogprobsWithTheirBytes) {
  start();
  Json body = user("hello");
  body["logprobs"] = true;
  body["top_logprobs"] = 2;
  const Json content = json(chat(body))["choices"][0]["logprobs"]["content"];
  ASSERT_EQ(content.size(), 2u);  // the end token is no content
  EXPECT_EQ(content[0]["token"], "Y");
  EXPECT_EQ(content[0]["bytes"], Json::array({89}));
  EXPECT_EQ(content[0]["logprob"], -0.5);
  ASSERT_EQ(content[0]["top_logprobs"].size(), 2u);
  EXPECT_EQ(content[0]["top_logprobs"][1]["token"], "Z");
  body["stream"] = true;
  size_t count = 0;
  for (const std::string& event : events(chat(body))) {
    if (event == "[DONE]") continue;
    const Json logprobs = (*parse_json(event))["choices"][0]["logprobs"];
    if (!logprobs.is_null()) count += logprobs["content"].size();
  }
  EXPECT_EQ(count, 2u);
}

TEST_F(OpenAiApiTest, PartsThoughtsFromTheAnswer) {
  start();
  engine_->answer("why", {.pieces = {"<think>\nhm", " so</think>\n\nBec", "ause"}});
  Json body = user("why");
  body["enable_thinking"] = true;
  const Json message = json(chat(body))["choices"][0]["message"];
  EXPECT_EQ(message["content"], "Because");
  EXPECT_EQ(message["reasoning_content"], "hm so");
  body["stream"] = true;
  std::string thought;
  std::string text;
  for (const std::string& event : events(chat(body))) {
    if (event == "[DONE]") continue;
    const Json delta = (*parse_json(event))["choices"][0]["delta"];
    thought += delta.value("reasoning_content", "");
    text += delta.value("content", "");
  }
  EXPECT_EQ(thought, "hm so");
  EXPECT_EQ(text, "Because");
}

TEST_F(OpenAiApiTest, GivesTheEngineTheBudgetOfAThought) {
  start();
  Json body = user("x");
  body["enable_thinking"] = true;
  body["thinking_token_budget"] = 12;
  body["reasoning_budget_message"] = "so:";
  ASSERT_EQ(chat(body).status, 200);
  EXPECT_EQ(engine_->last_request().sampling.thinking_token_budget, 12);
  EXPECT_EQ(engine_->last_request().thought->last_words, "so:");
  EXPECT_FALSE(engine_->last_request().thought->is_open);
  const auto prompt = [this] {
    return engine_->byte_tokenizer().decode(engine_->last_request().prompt_tokens, true);
  };
  EXPECT_FALSE(prompt().ends_with("</think>\n\n")) << prompt();
  body["thinking_token_budget"] = 0;
  ASSERT_EQ(chat(body).status, 200);
  EXPECT_TRUE(prompt().ends_with("</think>\n\n")) << prompt();
}

Json weather_tool() {
  return {
      {"type", "function"},
      {"function",
       {{"name", "get_weather"},
        {"parameters", {{"type", "object"}, {"properties", {{"city", {{"type", "string"}}}}}}}}}};
}

TEST_F(OpenAiApiTest, TakesCallsOfToolsOutOfTheText) {
  start();
  engine_->answer("weather", {.pieces = {"<tool_call>{\"name\": \"get_weather\", \"argu",
                                         "ments\": {\"city\": \"北京\"}}</tool_call>"}});
  Json body = user("weather");
  body["tools"] = Json::array({weather_tool()});
  const Json choice = json(chat(body))["choices"][0];
  EXPECT_EQ(choice["finish_reason"], "tool_calls");
  EXPECT_TRUE(choice["message"]["content"].is_null());
  ASSERT_EQ(choice["message"]["tool_calls"].size(), 1u);
  const Json& call = choice["message"]["tool_calls"][0];
  EXPECT_EQ(call["type"], "function");
  EXPECT_EQ(call["function"]["name"], "get_weather");
  EXPECT_EQ(call["function"]["arguments"], "{\"city\": \"北京\"}");
  body["stream"] = true;
  std::string arguments;
  int identities = 0;
  for (const std::string& event : events(chat(body))) {
    if (event == "[DONE]") continue;
    const Json delta = (*parse_json(event))["choices"][0]["delta"];
    if (!delta.contains("tool_calls")) continue;
    const Json& part = delta["tool_calls"][0];
    EXPECT_EQ(part["index"], 0);
    identities += part.contains("id");
    arguments += part["function"].value("arguments", "");
  }
  EXPECT_EQ(identities, 1);
  EXPECT_EQ(arguments, "{\"city\": \"北京\"}");
}

TEST_F(OpenAiApiTest, WithoutToolsTagsAreText) {
  start();
  engine_->answer("x", {.pieces = {"<tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call>"}});
  const Json choice = json(chat(user("x")))["choices"][0];
  EXPECT_EQ(choice["message"]["content"],
            "<tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call>");
  EXPECT_EQ(choice["finish_reason"], "stop");
}

TEST_F(OpenAiApiTest, ShowsToolsToTheModelInTheOrderOfTheirKeys) {
  start();
  const std::string body =
      R"({"model":"Youtu-LLM-2B","messages":[{"role":"user","content":"q"},)"
      R"({"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function",)"
      R"("function":{"name":"f","arguments":"{\"z\":1}"}}]},)"
      R"({"role":"tool","tool_call_id":"call_1","content":"r"}],)"
      R"("tools":[{"type":"function","function":{"name":"f","description":"d",)"
      R"("parameters":{"type":"object","properties":{"z":{},"a":{}}}}}]})";
  ASSERT_EQ(test::post_json(server_->port(), "/v1/chat/completions", body).status, 200);
  const std::string prompt =
      engine_->byte_tokenizer().decode(engine_->last_request().prompt_tokens, true);
  EXPECT_NE(prompt.find(R"("properties":{"z":{},"a":{}})"), std::string::npos) << prompt;
  EXPECT_NE(prompt.find(R"(CALL f{"z":1})"), std::string::npos) << prompt;
}

TEST_F(OpenAiApiTest, AsksForTheFormThatIsWanted) {
  start();
  Json body = user("x");
  body["response_format"] = {{"type", "json_object"}};
  ASSERT_EQ(chat(body).status, 200);
  EXPECT_EQ(engine_->last_request().output_format->kind, OutputFormat::Kind::kJsonObject);
  EXPECT_EQ(engine_->last_request().output_format->after, "");
  body["enable_thinking"] = true;
  ASSERT_EQ(chat(body).status, 200);
  EXPECT_EQ(engine_->last_request().output_format->after, "</think>");
  body = user("x");
  body["tools"] = Json::array({weather_tool()});
  body["tool_choice"] = "required";
  ASSERT_EQ(chat(body).status, 200);
  EXPECT_EQ(engine_->last_request().output_format->kind, OutputFormat::Kind::kGrammar);
  body["tool_choice"] = "auto";
  ASSERT_EQ(chat(body).status, 200);
  EXPECT_FALSE(engine_->last_request().output_format.has_value());
}

TEST_F(OpenAiApiTest, ACallThatShallBeTheOnlyOneEndsTheAnswer) {
  start();
  Json body = user("x");
  const auto ends_behind = [&] {
    EXPECT_EQ(chat(body).status, 200);
    return engine_->last_request().ends_behind;
  };
  body["parallel_tool_calls"] = false;
  EXPECT_EQ(ends_behind(), "");
  body["tools"] = Json::array({weather_tool()});
  EXPECT_EQ(ends_behind(), "</tool_call>");
  body["tool_choice"] = "none";
  EXPECT_EQ(ends_behind(), "");
  body["tool_choice"] = "auto";
  body["parallel_tool_calls"] = true;
  EXPECT_EQ(ends_behind(), "");
  // A form says itself how many calls there are, and its texts may have anything in them.
  body["parallel_tool_calls"] = false;
  body["response_format"] = {{"type", "json_object"}};
  EXPECT_EQ(ends_behind(), "");
  EXPECT_EQ(engine_->last_request().output_format->text.find("call)*"), std::string::npos);
}

TEST_F(OpenAiApiTest, RefusesWhatIsWrongAndSaysWhere) {
  start();
  const auto with = [](const std::string& field, Json value) {
    Json body = user("x");
    body[field] = std::move(value);
    return body;
  };
  expect_error(chat(with("temperature", 3)), 400, "temperature", "out_of_range");
  expect_error(chat(with("n", 5)), 400, "n", "out_of_range");
  expect_error(chat(with("n", 0)), 400, "n", "out_of_range");
  expect_error(chat(with("top_logprobs", 3)), 400, "top_logprobs", "invalid_value");
  expect_error(chat(with("max_tokens", 0)), 400, "max_tokens", "out_of_range");
  expect_error(chat(with("stream_options", Json::object())), 400, "stream_options",
               "invalid_value");
  expect_error(chat(with("chat_template_kwargs", {{"tokenize", true}})), 400,
               "chat_template_kwargs", "unknown_parameter");
  expect_error(chat(with("thinking_token_budget", -2)), 400, "thinking_token_budget",
               "out_of_range");
  expect_error(chat(with("reasoning_budget_message", 5)), 400, "reasoning_budget_message", "type");
  expect_error(chat(with("reasoning_effort", "huge")), 400, "reasoning_effort", "out_of_range");
  expect_error(chat(with("logit_bias", {{"5", 101}})), 400, "logit_bias", "out_of_range");
  expect_error(chat(with("logit_bias", {{"x", 1}})), 400, "logit_bias", "type");
  expect_error(chat(with("stop_token_ids", {-1})), 400, "stop_token_ids", "out_of_range");
  expect_error(chat(with("tool_choice", "required")), 400, "tool_choice", "invalid_value");
  expect_error(chat(with("tools", {{{"type", "web"}}})), 400, "tools[0].type", "unsupported_value");
  Json named = with("tools", Json::array({weather_tool()}));
  named["tool_choice"] = {{"type", "function"}, {"function", {{"name", "nothing"}}}};
  expect_error(chat(named), 400, "tool_choice", "invalid_value");
  expect_error(chat({{"messages", Json::array()}}), 400, "messages", "empty");
  expect_error(chat(Json::object()), 400, "messages", "missing_required_parameter");
  expect_error(post("/v1/chat/completions", user("x")), 400, "model", "missing_required_parameter");
  const RawResponse schema = chat(
      with("response_format",
           {{"type", "json_schema"},
            {"json_schema",
             {{"name", "n"},
              {"schema", {{"type", "object"}, {"properties", {{"a", {{"type", "stsring"}}}}}}}}}}));
  expect_error(schema, 400, "response_format", "invalid_schema");
  EXPECT_NE(schema.body.find("/properties/a/type"), std::string::npos) << schema.body;
  Json other = user("x");
  other["model"] = "gpt-4o";
  expect_error(post("/v1/chat/completions", other), 404, "model", "model_not_found");
  Json tool = user("x");
  tool["messages"].push_back({{"role", "tool"}, {"content", "r"}});
  expect_error(chat(tool), 400, "messages[1].tool_call_id", "missing");
  EXPECT_EQ(engine_->stats().requests_running, 0);
}

TEST_F(OpenAiApiTest, TellsOfParametersThatMeanNothing) {
  start();
  Json body = user("x");
  body["temprature"] = 1;
  body["temperature"] = 0;
  body["top_k"] = 5;
  body["user"] = "me";
  const RawResponse response = chat(body);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.fields.at("x-ignored-params"), "temprature");
  const Json warnings = json(response)["warnings"];
  ASSERT_EQ(warnings.size(), 3u);
  EXPECT_EQ(warnings[0]["code"], "unknown_parameter");
  EXPECT_NE(warnings[0]["message"].get<std::string>().find("did you mean temperature?"),
            std::string::npos);
  EXPECT_EQ(warnings[1]["param"], "user");
  EXPECT_EQ(warnings[2]["param"], "top_k");
  body["strict"] = true;
  expect_error(chat(body), 400, "temprature", "unknown_parameter");
}

TEST_F(OpenAiApiTest, AStrictServerRefusesUnknownParameters) {
  RequestSettings settings;
  settings.is_strict = true;
  start(settings);
  EXPECT_EQ(chat(user("x")).status, 200);
  Json body = user("x");
  body["foo"] = 1;
  expect_error(chat(body), 400, "foo", "unknown_parameter");
}

TEST_F(OpenAiApiTest, AFullServerIsARateLimitToTheseClients) {
  EngineOptions options;
  options.max_batch_size = 1;
  options.max_queued_requests = 0;
  start({}, options, ScriptedEngine::Pace::kByHand);
  Json body = user("x");
  body["n"] = 2;
  const RawResponse response = chat(body);  // the second has no room
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(json(response)["error"]["code"], "queue_full");
  EXPECT_EQ(response.fields.at("retry-after"), "2");
  EXPECT_EQ(response.fields.at("retry-after-ms"), "2000");
  engine_->step();
  EXPECT_TRUE(engine_->wait_for_requests(0));  // nor does the first run on
}

TEST_F(OpenAiApiTest, AFailureAfterTheBeginningIsAnErrorEvent) {
  start();
  engine_->answer("fail", {.pieces = {"so far"},
                           .finish_reason = FinishReason::kError,
                           .error = Status::internal("broken")});
  Json body = user("fail");
  const RawResponse whole = chat(body);
  EXPECT_EQ(whole.status, 500);
  EXPECT_EQ(whole.fields.at("x-should-retry"), "false");
  body["stream"] = true;
  const std::vector<std::string> all = events(chat(body));
  EXPECT_EQ((*parse_json(all.back()))["error"]["message"], "broken");
  for (const std::string& event : all) {
    const Json chunk = *parse_json(event);
    if (!chunk.contains("choices")) continue;
    EXPECT_TRUE(chunk["choices"][0]["finish_reason"].is_null());
  }
}

TEST_F(OpenAiApiTest, CompletesPrompts) {
  start();
  Json body = {{"model", "Youtu-LLM-2B"}, {"prompt", {"a", "bc"}}, {"echo", true}};
  const Json answer = json(post("/v1/completions", body));
  EXPECT_EQ(answer["object"], "text_completion");
  ASSERT_EQ(answer["choices"].size(), 2u);
  EXPECT_EQ(answer["choices"][0]["text"], "aYou said: a");
  EXPECT_EQ(answer["choices"][1]["text"], "bcYou said: bc");
  EXPECT_EQ(answer["usage"]["prompt_tokens"], 5);  // with the begin tokens
  EXPECT_EQ(engine_->last_request().sampling.max_new_tokens, 16);
  body = {{"model", "Youtu-LLM-2B"}, {"prompt", {104, 105}}, {"stream", true}, {"logprobs", 1}};
  std::string text;
  std::vector<std::string> tokens;
  for (const std::string& event : events(post("/v1/completions", body))) {
    if (event == "[DONE]") continue;
    const Json choice = (*parse_json(event))["choices"][0];
    text += choice["text"].get<std::string>();
    if (choice["logprobs"].is_null()) continue;
    for (const Json& token : choice["logprobs"]["tokens"]) tokens.push_back(token);
  }
  EXPECT_EQ(text, "You said: hi");
  EXPECT_EQ(tokens, (std::vector<std::string>{"Y", "h"}));
}

TEST_F(OpenAiApiTest, RefusesCompletionsThatItCannotDo) {
  start();
  const auto post_with = [this](const std::string& field, Json value) {
    Json body = {{"model", "Youtu-LLM-2B"}, {"prompt", "a"}};
    body[field] = std::move(value);
    return post("/v1/completions", body);
  };
  expect_error(post_with("prompt", Json(std::vector<std::string>(17, "x"))), 400, "prompt",
               "out_of_range");
  expect_error(post_with("prompt", {-1}), 400, "prompt", "out_of_range");
  expect_error(post_with("prompt", ""), 400, "prompt", "empty");
  expect_error(post_with("prompt", 5), 400, "prompt", "type");
  expect_error(post_with("suffix", "x"), 400, "suffix", "unsupported_value");
  expect_error(post_with("best_of", 3), 400, "best_of", "unsupported_value");
  expect_error(post_with("logprobs", 6), 400, "logprobs", "out_of_range");
}

}  // namespace
}  // namespace youtu::openai
