// The whole server over a scripted engine, as a client of Anthropic's API sees it.
#include "server/anthropic/messages_api.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/json.h"
#include "http/server.h"
#include "tests/support/raw_client.h"
#include "tests/support/scripted_engine.h"

namespace youtu::anthropic {
namespace {

using test::RawClient;
using test::RawResponse;
using test::ScriptedEngine;

class MessagesApiTest : public ::testing::Test {
 protected:
  MessagesApiTest()
      : engine_(std::make_unique<ScriptedEngine>(ScriptedEngine::Pace::kFree)),
        state_(serving()),
        api_(state_) {
    http::ServerOptions options;
    options.port = 0;
    auto server = http::Server::bind(options);
    EXPECT_TRUE(server);
    server_ = std::move(*server);
    engine_->set_step_listener([this] { server_->wake(); });
    http::Router router;
    api_.add_routes(router);
    server_->start(std::move(router));
    state_.attach(*engine_);
  }
  ~MessagesApiTest() override {
    server_->stop();
    engine_.reset();  // its thread wakes the server
  }

  static ServingOptions serving() {
    ServingOptions options;
    options.model_name = "m";
    return options;
  }
  RawResponse post(Json fields, const std::string& path = "/v1/messages") {
    Json body = {{"model", "m"},
                 {"max_tokens", 64},
                 {"messages", {{{"role", "user"}, {"content", "hello"}}}}};
    if (!fields.is_null()) body.update(fields);
    return test::post_json(server_->port(), path, body.dump());
  }
  static Json json(const RawResponse& response) {
    auto parsed = parse_json(response.body);
    EXPECT_TRUE(parsed) << response.body;
    return parsed ? *parsed : Json();
  }
  // Name and data of each event.
  static std::vector<std::pair<std::string, Json>> events(const RawResponse& response) {
    std::vector<std::pair<std::string, Json>> events;
    std::string name;
    std::istringstream lines(response.body);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("event: ")) name = line.substr(7);
      if (line.starts_with("data: ")) events.emplace_back(name, *parse_json(line.substr(6)));
    }
    return events;
  }
  std::string prompt() {
    return engine_->byte_tokenizer().decode(engine_->last_request().prompt_tokens, true);
  }

  std::unique_ptr<ScriptedEngine> engine_;
  ServingState state_;
  MessagesApi api_;
  std::unique_ptr<http::Server> server_;
};

TEST_F(MessagesApiTest, AnswersInOneBody) {
  const Json body = json(post({{"system", "be brief"}, {"temperature", 0.5}}));
  EXPECT_TRUE(body["id"].get<std::string>().starts_with("msg_"));
  EXPECT_EQ(body["type"], "message");
  EXPECT_EQ(body["role"], "assistant");
  EXPECT_EQ(body["content"], Json({{{"type", "text"}, {"text", "You said: hello"}}}));
  EXPECT_EQ(body["stop_reason"], "end_turn");
  EXPECT_TRUE(body["stop_sequence"].is_null());
  EXPECT_EQ(body["usage"]["input_tokens"].get<size_t>(),
            engine_->last_request().prompt_tokens.size());
  EXPECT_EQ(body["usage"]["output_tokens"], 2);
  EXPECT_EQ(engine_->last_request().sampling.temperature, 0.5);
  EXPECT_NE(prompt().find("be brief"), std::string::npos);
}

TEST_F(MessagesApiTest, StreamsBlocks) {
  engine_->answer(
      "q", {.pieces = {"<think>\nhm</think>\n\nSo. ",
                       "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\"", ": 1}}</tool_call>"}});
  const RawResponse response =
      post({{"stream", true},
            {"messages", {{{"role", "user"}, {"content", "q"}}}},
            {"thinking", {{"type", "enabled"}, {"budget_tokens", 1024}}},
            {"tools", {{{"name", "f"}, {"input_schema", {{"type", "object"}}}}}}});
  std::vector<std::string> names;
  std::string thought;
  std::string text;
  std::string input;
  for (const auto& [name, data] : events(response)) {
    EXPECT_EQ(data["type"], name);
    if (name != "ping" && name != "content_block_delta") names.push_back(name);
    if (name != "content_block_delta") continue;
    thought += data["delta"].value("thinking", "");
    text += data["delta"].value("text", "");
    input += data["delta"].value("partial_json", "");
  }
  EXPECT_EQ(names, (std::vector<std::string>{
                       "message_start", "content_block_start", "content_block_stop",
                       "content_block_start", "content_block_stop", "content_block_start",
                       "content_block_stop", "message_delta", "message_stop"}));
  EXPECT_EQ(thought, "hm");
  EXPECT_EQ(text, "So.");
  EXPECT_EQ(input, "{\"a\": 1}");
  EXPECT_EQ(events(response)[names.size()].second.value("type", ""), "content_block_delta");
}

TEST_F(MessagesApiTest, UnderstandsCallsAndResults) {
  const Json messages = {
      {{"role", "user"}, {"content", "weather"}},
      {{"role", "assistant"},
       {"content",
        {{{"type", "thinking"}, {"thinking", "secret"}, {"signature", ""}},
         {{"type", "text"}, {"text", "let me see"}},
         {{"type", "tool_use"}, {"id", "t1"}, {"name", "f"}, {"input", {{"a", 1}}}}}}},
      {{"role", "user"},
       {"content",
        {{{"type", "tool_result"}, {"tool_use_id", "t1"}, {"content", "sunny"}},
         {{"type", "text"}, {"text", "and now?"}}}}}};
  ASSERT_EQ(post({{"messages", messages}}).status, 200);
  EXPECT_NE(prompt().find("let me seeCALL f{\"a\":1}"), std::string::npos) << prompt();
  EXPECT_LT(prompt().find("sunny"), prompt().find("and now?"));
  EXPECT_EQ(prompt().find("secret"), std::string::npos);
}

TEST_F(MessagesApiTest, ACallThatShallBeTheOnlyOneEndsTheAnswer) {
  const Json tools = {{{"name", "f"}, {"input_schema", {{"type", "object"}}}}};
  ASSERT_EQ(post({{"tools", tools}}).status, 200);
  EXPECT_EQ(engine_->last_request().ends_behind, "");
  const Json alone = {{"type", "auto"}, {"disable_parallel_tool_use", true}};
  ASSERT_EQ(post({{"tools", tools}, {"tool_choice", alone}}).status, 200);
  EXPECT_EQ(engine_->last_request().ends_behind, "</tool_call>");
}

TEST_F(MessagesApiTest, GivesTheEngineTheBudgetOfAThought) {
  ASSERT_EQ(post({{"thinking", {{"type", "enabled"}, {"budget_tokens", 12}}}}).status, 200);
  EXPECT_EQ(engine_->last_request().sampling.thinking_token_budget, 12);
  ASSERT_EQ(post({{"thinking", {{"type", "adaptive"}}}}).status, 200);
  EXPECT_EQ(engine_->last_request().sampling.thinking_token_budget, -1);
}

TEST_F(MessagesApiTest, NamesTheFieldsThatItDoesNotKnow) {
  for (const bool stream : {false, true}) {
    const RawResponse response = post({{"top_q", 5}, {"stream", stream}});
    EXPECT_EQ(response.fields.at("x-ignored-params"), "top_q");
  }
}

TEST_F(MessagesApiTest, CountsTokens) {
  const Json count = json(post({{"max_tokens", nullptr}}, "/v1/messages/count_tokens"));
  ASSERT_EQ(post({}).status, 200);
  EXPECT_EQ(count, Json({{"input_tokens", engine_->last_request().prompt_tokens.size()}}));
}

TEST_F(MessagesApiTest, ErrorsHaveAnthropicsForm) {
  const auto expect = [this](Json fields, int status, const std::string& type) {
    const RawResponse response = post(std::move(fields));
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(json(response)["type"], "error");
    EXPECT_EQ(json(response)["error"]["type"], type) << response.body;
  };
  expect({{"max_tokens", nullptr}}, 400, "invalid_request_error");
  expect({{"model", "claude"}}, 404, "not_found_error");
  expect({{"temperature", 1.5}}, 400, "invalid_request_error");
  expect({{"messages", Json::array()}}, 400, "invalid_request_error");
  expect({{"messages", {{{"role", "system"}, {"content", "x"}}}}}, 400, "invalid_request_error");
  expect({{"messages", {{{"role", "user"}, {"content", {{{"type", "image"}}}}}}}}, 400,
         "invalid_request_error");
  expect({{"stop_sequences", "x"}}, 400, "invalid_request_error");
  expect({{"metadata", 1}}, 400, "invalid_request_error");
  expect({{"tool_choice", {{"type", "any"}}}}, 400, "invalid_request_error");
  expect({{"tools", {{{"name", "f"}, {"input_schema", {{"type", "object"}}}}}},
          {"tool_choice", {{"type", "auto"}, {"disable_parallel_tool_use", 1}}}},
         400, "invalid_request_error");
  expect({{"thinking", {{"type", "enabled"}, {"budget_tokens", "many"}}}}, 400,
         "invalid_request_error");
  expect({{"max_tokens", 1'000'000}}, 400, "invalid_request_error");
  RawClient client(server_->port());
  client.send("POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}");
  const RawResponse refused = client.read_response();
  EXPECT_EQ(refused.status, 415);
  EXPECT_EQ(json(refused)["error"]["type"], "invalid_request_error") << refused.body;
  state_.begin_drain();
  expect({}, 503, "overloaded_error");
}

}  // namespace
}  // namespace youtu::anthropic
