// The whole server over a scripted engine, as a client of the responses API sees it.
#include "server/responses/responses_api.h"

#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <thread>

#include "base/json.h"
#include "chat/sqlite_session_store.h"
#include "http/server.h"
#include "tests/support/raw_client.h"
#include "tests/support/scripted_engine.h"
#include "tests/support/temporary_folder.h"

namespace youtu::responses {
namespace {

using test::RawClient;
using test::RawResponse;
using test::ScriptedEngine;

class ResponsesApiTest : public ::testing::Test {
 protected:
  void start(bool with_sessions = true) {
    engine_ = std::make_unique<ScriptedEngine>(ScriptedEngine::Pace::kFree);
    ServingOptions serving;
    serving.model_name = "m";
    state_ = std::make_unique<ServingState>(serving);
    api_ = std::make_unique<ResponsesApi>(*state_);
    http::ServerOptions options;
    options.port = 0;
    auto server = http::Server::bind(options);
    ASSERT_TRUE(server);
    server_ = std::move(*server);
    engine_->set_step_listener([this] { server_->wake(); });
    if (with_sessions) {
      SqliteSessionOptions sessions;
      sessions.folder = folder_.path().string();
      sessions.durable = false;
      auto store = open_sqlite_sessions(sessions);
      ASSERT_TRUE(store);
      store_ = *std::move(store);
      api_->keep_sessions(
          {store_.get(), [this](std::function<void()> work) { server_->post(std::move(work)); }});
    }
    http::Router router;
    api_->add_routes(router);
    server_->start(std::move(router));
    state_->attach(*engine_);
  }
  void TearDown() override {
    if (server_) server_->stop();
    engine_.reset();
  }
  RawResponse post(Json fields) {
    Json body = {{"model", "m"}, {"input", "hello"}};
    if (!fields.is_null()) body.update(fields);
    return test::post_json(server_->port(), "/v1/responses", body.dump());
  }
  RawResponse erase(const std::string& id) {
    RawClient client(server_->port());
    client.send("DELETE /v1/responses/" + id + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return client.read_response();
  }
  static Json json(const RawResponse& response) {
    auto parsed = parse_json(response.body);
    EXPECT_TRUE(parsed) << response.body;
    return parsed ? *parsed : Json();
  }
  std::string prompt() {
    return engine_->byte_tokenizer().decode(engine_->last_request().prompt_tokens, false);
  }

  const TemporaryFolder folder_;
  std::unique_ptr<ScriptedEngine> engine_;
  std::unique_ptr<SessionStore> store_;
  std::unique_ptr<ServingState> state_;
  std::unique_ptr<ResponsesApi> api_;
  std::unique_ptr<http::Server> server_;
};

TEST_F(ResponsesApiTest, AnswersInOneObject) {
  start();
  const Json body = json(post({{"instructions", "be brief"}, {"metadata", {{"a", "b"}}}}));
  EXPECT_EQ(body["object"], "response");
  EXPECT_EQ(body["status"], "completed");
  EXPECT_EQ(body["instructions"], "be brief");
  EXPECT_EQ(body["metadata"], Json({{"a", "b"}}));
  ASSERT_EQ(body["output"].size(), 1u);
  EXPECT_EQ(body["output"][0]["type"], "message");
  EXPECT_EQ(body["output"][0]["content"][0]["text"], "You said: hello");
  EXPECT_EQ(body["usage"]["output_tokens"], 2);
  EXPECT_NE(prompt().find("<|System|>be brief<|User|>hello"), std::string::npos) << prompt();
}

TEST_F(ResponsesApiTest, ContinuesAConversation) {
  start();
  const Json first = json(post({}));
  const std::string id = first["id"].get<std::string>();
  const Json second = json(post({{"input", "and now"}, {"previous_response_id", id}}));
  EXPECT_EQ(second["status"], "completed");
  EXPECT_NE(prompt().find("<|User|>hello<|Assistant|>You said: hello<|User|>and now"),
            std::string::npos)
      << prompt();
  EXPECT_EQ(post({{"previous_response_id", "resp_nothing_1"}}).status, 404);
  EXPECT_EQ(post({{"previous_response_id", "nonsense"}}).status, 404);
}

TEST_F(ResponsesApiTest, EachResponseMayBeContinuedAnyNumberOfTimes) {
  start();
  const std::string root = json(post({}))["id"].get<std::string>();
  const std::string one =
      json(post({{"input", "one"}, {"previous_response_id", root}}))["id"].get<std::string>();
  const std::string two =
      json(post({{"input", "two"}, {"previous_response_id", root}}))["id"].get<std::string>();
  EXPECT_EQ(prompt().find("one"), std::string::npos) << prompt();
  ASSERT_NE(one, two);
  for (const auto& [id, other] : {std::pair(one, "two"), {two, "one"}}) {
    ASSERT_EQ(post({{"input", "on"}, {"previous_response_id", id}, {"store", false}}).status, 200);
    EXPECT_NE(prompt().find("<|User|>hello<|Assistant|>You said: hello<|User|>"),
              std::string::npos);
    EXPECT_EQ(prompt().find(other), std::string::npos) << prompt();
    EXPECT_EQ(test::get(server_->port(), "/v1/responses/" + id).status, 200);
  }
  // A branch outlives the conversation that it left.
  EXPECT_EQ(erase(root).status, 200);
  EXPECT_EQ(test::get(server_->port(), "/v1/responses/" + one).status, 404);
  EXPECT_EQ(post({{"previous_response_id", two}}).status, 200);
}

TEST_F(ResponsesApiTest, WhatIsOnItsWayCanBeContinuedFromItsBeginning) {
  start();
  const std::string root = json(post({}))["id"].get<std::string>();
  const auto turn = store_->begin_turn({"", root.substr(5, root.rfind('_') - 5)}, {{"user", "x"}});
  ASSERT_TRUE(turn);
  EXPECT_EQ(post({{"previous_response_id", root}}).status, 200);
}

// What is not stored leaves no session behind: it is taken away behind the answer.
void expect_sessions(SessionStore& store, size_t count) {
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (store.list("", "", 10)->sessions.size() != count) {
    ASSERT_LT(std::chrono::steady_clock::now(), patience);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

TEST_F(ResponsesApiTest, WhatItsClientLeavesIsNotStored) {
  start();
  engine_->set_step_time(std::chrono::milliseconds(2));
  engine_->answer("on and on", {.pieces = {"la "}, .endless = true});
  for (const char* body : {R"({"model":"m","input":"on and on"})",
                           R"({"model":"m","input":"on and on","stream":true})"}) {
    RawClient client(server_->port());
    client.send(test::post_request("/v1/responses", body));
    ASSERT_TRUE(engine_->wait_for_requests(1));
    expect_sessions(*store_, 1);
    client.close();
    expect_sessions(*store_, 0);
  }
}

TEST_F(ResponsesApiTest, WhatTheEngineFailsIsNotStored) {
  start();
  engine_->answer("fail", {.pieces = {"la"},
                           .finish_reason = FinishReason::kError,
                           .error = {StatusCode::kInternal, "broken"}});
  EXPECT_EQ(post({{"input", "fail"}}).status, 500);
  expect_sessions(*store_, 0);
}

TEST_F(ResponsesApiTest, WhatFailsIsNotStored) {
  start();
  const std::string root = json(post({}))["id"].get<std::string>();
  ASSERT_EQ(post({{"previous_response_id", root}}).status, 200);
  EXPECT_EQ(post({{"max_output_tokens", 100'000}}).status, 400);
  EXPECT_EQ(post({{"max_output_tokens", 100'000}, {"previous_response_id", root}}).status, 400);
  expect_sessions(*store_, 1);
}

TEST_F(ResponsesApiTest, TruncationLeavesOutTheOldestTurnsAndSaysSo) {
  start();
  const int64_t context = engine_->model_info().context_length;
  const Json long_input = {{"input", std::string(static_cast<size_t>(context / 2), 'x')},
                           {"max_output_tokens", 1}};
  std::string id = json(post(long_input))["id"].get<std::string>();
  Json next = {
      {"input", "short"}, {"previous_response_id", id}, {"max_output_tokens", context / 2 + 16}};
  EXPECT_EQ(json(post(next))["error"]["code"], "context_length_exceeded");
  next["truncation"] = "auto";
  next["instructions"] = "be brief";
  const RawResponse response = post(next);
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(json(response)["truncation"], "auto");
  EXPECT_EQ(response.fields.at("x-history"),
            "policy=sliding_window; turns_kept=0; turns_dropped=1");
  EXPECT_EQ(prompt().find("xx"), std::string::npos);
  EXPECT_NE(prompt().find("<|System|>be brief<|User|>short"), std::string::npos) << prompt();
  // Where there is room for all, all stays.
  next["max_output_tokens"] = 1;
  next["stream"] = true;
  EXPECT_EQ(post(next).fields.at("x-history"),
            "policy=sliding_window; turns_kept=1; turns_dropped=0");
  EXPECT_NE(prompt().find("xx"), std::string::npos);
}

TEST_F(ResponsesApiTest, KeepsReadsAndRemovesWhatIsStored) {
  start();
  const std::string id = json(post({}))["id"].get<std::string>();
  const Json kept = json(test::get(server_->port(), "/v1/responses/" + id));
  EXPECT_EQ(kept["id"], id);
  EXPECT_EQ(kept["output"][0]["content"][0]["text"], "You said: hello");
  EXPECT_EQ(json(erase(id)), Json({{"id", id}, {"object", "response"}, {"deleted", true}}));
  EXPECT_EQ(test::get(server_->port(), "/v1/responses/" + id).status, 404);
  EXPECT_EQ(erase(id).status, 404);
  const Json fleeting = json(post({{"store", false}}));
  EXPECT_EQ(fleeting["store"], false);
  EXPECT_EQ(test::get(server_->port(), "/v1/responses/" + fleeting["id"].get<std::string>()).status,
            404);
}

TEST_F(ResponsesApiTest, WithoutSessionsNothingIsStoredAndTheAnswerSaysSo) {
  start(/*with_sessions=*/false);
  const Json body = json(post({}));
  EXPECT_EQ(body["store"], false);
  EXPECT_EQ(post({{"previous_response_id", body["id"]}}).status, 404);
}

TEST_F(ResponsesApiTest, StreamsEventsThatAddUpToTheObject) {
  start();
  engine_->answer("weather", {.pieces = {"<think>\nhm</think>\n\nSo. <tool_call>{\"name\": \"f\", ",
                                         "\"arguments\": {\"a\": 1}}</tool_call>"}});
  const RawResponse response = post(
      {{"input", "weather"},
       {"stream", true},
       {"reasoning", {{"effort", "high"}}},
       {"tools", {{{"type", "function"}, {"name", "f"}, {"parameters", {{"type", "object"}}}}}}});
  std::vector<std::string> names;
  Json last;
  std::string text;
  std::string arguments;
  std::istringstream lines(response.body);
  std::string name;
  int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("event: ")) name = line.substr(7);
    if (!line.starts_with("data: ")) continue;
    last = *parse_json(line.substr(6));
    EXPECT_EQ(last["type"], name);
    EXPECT_EQ(last["sequence_number"], number++);
    if (name == "response.output_text.delta") text += last["delta"].get<std::string>();
    if (name == "response.function_call_arguments.delta") {
      arguments += last["delta"].get<std::string>();
    }
    names.push_back(name);
  }
  EXPECT_EQ(names.front(), "response.created");
  EXPECT_EQ(names.back(), "response.completed");
  EXPECT_EQ(text, "So.");
  EXPECT_EQ(arguments, "{\"a\": 1}");
  const Json& output = last["response"]["output"];
  ASSERT_EQ(output.size(), 3u);
  EXPECT_EQ(output[0]["type"], "reasoning");
  EXPECT_EQ(output[1]["content"][0]["text"], "So.");
  EXPECT_EQ(output[2]["type"], "function_call");
  EXPECT_EQ(output[2]["arguments"], "{\"a\": 1}");
  // The result of the call continues the stored conversation.
  const Json next = json(post({{"previous_response_id", last["response"]["id"]},
                               {"input",
                                {{{"type", "function_call_output"},
                                  {"call_id", output[2]["call_id"]},
                                  {"output", "sunny"}}}}}));
  EXPECT_EQ(next["status"], "completed") << next.dump();
  EXPECT_NE(prompt().find("So.CALL f{\"a\": 1}<|User|>sunny"), std::string::npos) << prompt();
}

TEST_F(ResponsesApiTest, AnAnswerThatIsCutIsIncomplete) {
  start();
  const Json body = json(post({{"max_output_tokens", 1}}));
  EXPECT_EQ(body["status"], "incomplete");
  EXPECT_EQ(body["incomplete_details"]["reason"], "max_output_tokens");
}

TEST_F(ResponsesApiTest, NamesTheFieldsThatItDoesNotKnow) {
  start();
  for (const bool stream : {false, true}) {
    const RawResponse response = post({{"max_token", 5}, {"stream", stream}});
    EXPECT_EQ(response.fields.at("x-ignored-params"), "max_token");
  }
}

TEST_F(ResponsesApiTest, GivesTheEngineTheBudgetOfAThought) {
  start();
  const Json fields = {{"reasoning", {{"effort", "low"}}}, {"thinking_token_budget", 12}};
  ASSERT_EQ(post(fields).status, 200);
  EXPECT_EQ(engine_->last_request().sampling.thinking_token_budget, 12);
}

TEST_F(ResponsesApiTest, RefusesWhatIsWrongAndSaysWhere) {
  start();
  const auto expect = [this](Json fields, const std::string& param, int status = 400) {
    const RawResponse response = post(std::move(fields));
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(json(response)["error"]["param"], param) << response.body;
  };
  expect({{"input", ""}}, "input");
  expect({{"input", Json::array()}}, "input");
  expect({{"input", nullptr}}, "input");
  expect({{"input", {{{"role", "robot"}, {"content", "x"}}}}}, "input[0].role");
  expect({{"input", {{{"type", "computer_call"}}}}}, "input[0].type");
  expect({{"input", {{{"role", "user"}, {"content", {{{"type", "input_image"}}}}}}}},
         "input[0].content[0].type");
  expect({{"truncation", "some"}}, "truncation");
  expect({{"input", {{{"type", "reasoning"}}}}}, "input");
  expect({{"background", true}}, "background");
  expect({{"metadata", 1}}, "metadata");
  expect({{"max_output_tokens", 0}}, "max_output_tokens");
  expect({{"max_output_tokens", 100'000}}, "max_output_tokens");
  expect({{"tools", {{{"type", "web_search"}}}}}, "tools[0].type");
  expect({{"temperature", 2.5}}, "temperature");
  expect({{"model", "gpt-4o"}}, "model", 404);
}

}  // namespace
}  // namespace youtu::responses
