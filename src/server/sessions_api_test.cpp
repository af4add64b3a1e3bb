#include "server/sessions_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <thread>

#include "base/json.h"
#include "chat/sqlite_session_store.h"
#include "http/server.h"
#include "server/native_api.h"
#include "tests/support/raw_client.h"
#include "tests/support/scripted_engine.h"
#include "tests/support/temporary_folder.h"

namespace youtu {
namespace {

using namespace std::chrono_literals;
using test::RawClient;
using test::RawResponse;
using test::ScriptedEngine;
using ::testing::HasSubstr;

// The whole server over a scripted engine and a real store.
class SessionsApiTest : public ::testing::Test {
 protected:
  SessionsApiTest() { store_options_.folder = folder_.path().string(); }

  void start(ScriptedEngine::Pace pace = ScriptedEngine::Pace::kFree) {
    stop();
    auto store = open_sqlite_sessions(store_options_);
    ASSERT_TRUE(store) << store.status().message();
    store_ = *std::move(store);
    engine_ = std::make_unique<ScriptedEngine>(pace, engine_options_);
    ServingOptions serving;
    serving.requests = settings_;
    state_ = std::make_unique<ServingState>(std::move(serving));
    api_ = std::make_unique<NativeApi>(*state_);
    sessions_api_ = std::make_unique<SessionsApi>(*store_);
    http::ServerOptions server_options;
    server_options.port = 0;
    auto server = http::Server::bind(server_options);
    ASSERT_TRUE(server) << server.status().message();
    server_ = *std::move(server);
    engine_->set_step_listener([this] { server_->wake(); });
    api_->keep_sessions(
        {store_.get(), [this](std::function<void()> work) { server_->post(std::move(work)); }});
    http::Router router;
    api_->add_routes(router);
    sessions_api_->add_routes(router);
    server_->start(std::move(router));
    state_->attach(*engine_);
  }
  void stop() {
    if (server_) server_->stop();
    engine_.reset();
    server_.reset();
    store_.reset();
  }
  void TearDown() override { stop(); }

  int port() const { return server_->port(); }
  RawResponse post(const std::string& path, const std::string& body) {
    return test::post_json(port(), path, body);
  }
  RawResponse get(const std::string& path) { return test::get(port(), path); }
  RawResponse remove(const std::string& id) {
    RawClient client(port());
    client.send("DELETE /sessions/" + id + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return client.read_response();
  }
  static Json json(const RawResponse& response) {
    auto parsed = parse_json(response.body);
    EXPECT_TRUE(parsed) << response.status << " " << response.body;
    return parsed ? *parsed : Json();
  }
  static std::string code(const RawResponse& response) {
    const Json body = json(response);
    return body.contains("error") ? body["error"]["code"].get<std::string>() : "";
  }
  void create(const std::string& body) {
    const RawResponse response = post("/sessions", body);
    ASSERT_EQ(response.status, 201) << response.body;
  }
  // What the engine was asked, with its control tokens.
  std::string prompt() const {
    return engine_->tokenizer().decode(engine_->last_request().prompt_tokens, false);
  }

  const TemporaryFolder folder_;
  SqliteSessionOptions store_options_;
  EngineOptions engine_options_;
  RequestSettings settings_;
  std::unique_ptr<SessionStore> store_;
  std::unique_ptr<ScriptedEngine> engine_;
  std::unique_ptr<ServingState> state_;
  std::unique_ptr<NativeApi> api_;
  std::unique_ptr<SessionsApi> sessions_api_;
  std::unique_ptr<http::Server> server_;
};

TEST_F(SessionsApiTest, AnswersAgainInPlaceOfATurn) {
  start();
  create(R"({"session_id":"a"})");
  for (const char* text : {"one", "two"}) {
    post("/chat", std::string(R"({"session_id":"a","prompt":")") + text + "\"}");
  }
  const RawResponse again = post("/chat", R"({"session_id":"a","prompt":"other","from_turn":1})");
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_EQ(json(again)["turn"], 1);
  EXPECT_EQ(prompt().find("one"), std::string::npos);
  const Json turns = json(get("/sessions/a"))["turns"];
  ASSERT_EQ(turns.size(), 1u);
  EXPECT_EQ(turns[0]["response"], "You said: other");

  const RawResponse beyond = post("/chat", R"({"session_id":"a","prompt":"x","from_turn":3})");
  EXPECT_EQ(beyond.status, 400);
  EXPECT_EQ(code(beyond), "out_of_range");
  EXPECT_EQ(code(post("/chat", R"({"prompt":"x","from_turn":1})")), "missing");
}

TEST_F(SessionsApiTest, MakesShowsListsAndDeletes) {
  start();
  const RawResponse made =
      post("/sessions", R"({"session_id":"a","title":"T","system":"S","from_turn":1,"x":1})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.fields.at("location"), "/sessions/a");
  EXPECT_EQ(made.fields.at("x-ignored-params"), "from_turn, x");
  EXPECT_EQ(json(made)["history_policy"], "drop_oldest_turns");
  EXPECT_EQ(json(made)["max_history_turns"], 5);
  EXPECT_EQ(code(post("/sessions", R"({"session_id":"a"})")), "session_exists");
  EXPECT_EQ(post("/sessions", R"({"session_id":"a"})").status, 409);
  const std::string made_id = json(post("/sessions", "{}"))["session_id"];
  EXPECT_TRUE(is_session_id(made_id));
  const Json page = json(get("/sessions?limit=1"));
  EXPECT_EQ(page["sessions"].size(), 1u);
  EXPECT_EQ(page["sessions"][0]["session_id"], "a");
  EXPECT_EQ(page["has_more"], true);
  EXPECT_EQ(json(get("/sessions?after=a"))["sessions"][0]["session_id"], made_id);
  EXPECT_EQ(json(remove(made_id))["deleted"], true);
  EXPECT_EQ(remove(made_id).status, 404);
  EXPECT_EQ(code(get("/sessions/" + made_id)), "session_not_found");
  EXPECT_EQ(json(get("/sessions/a"))["title"], "T");
}

TEST_F(SessionsApiTest, RefusesWhatItDoesNotKnow) {
  start();
  EXPECT_EQ(code(post("/sessions", "[]")), "type");
  EXPECT_EQ(code(post("/sessions", R"({"session_id":"../x"})")), "bad_session_id");
  EXPECT_EQ(code(post("/sessions", R"({"session_id":7})")), "type");
  EXPECT_EQ(code(post("/sessions", R"({"history_policy":"slide"})")), "out_of_range");
  EXPECT_EQ(code(post("/sessions", R"({"max_history_turns":-1})")), "out_of_range");
  EXPECT_EQ(code(post("/sessions", R"({"max_history_turns":1.5})")), "type");
  EXPECT_EQ(code(post("/sessions", R"({"max_history_turns":1,"history_window_tokens":1})")),
            "missing");
  EXPECT_EQ(code(post("/sessions", "{\"title\":\"" + std::string(1025, 't') + "\"}")),
            "out_of_range");
  EXPECT_EQ(code(get("/sessions?limit=0")), "bad_query");
  EXPECT_EQ(code(get("/sessions?after=%2e")), "bad_query");
  EXPECT_EQ(code(get("/sessions?limt=3")), "bad_query");
  EXPECT_EQ(code(get("/sessions/%2e")), "bad_session_id");
  EXPECT_EQ(code(post("/chat", R"({"prompt":"x","session_id":"no"})")), "session_not_found");
  EXPECT_EQ(code(post("/chat", R"({"prompt":"x","session_id":""})")), "bad_session_id");
  create(R"({"session_id":"a"})");
  for (const char* fields :
       {R"("prompt":"x","system":"s")", R"("messages":[{"role":"assistant","content":"x"}])",
        R"("messages":[{"role":"system","content":"s"},{"role":"user","content":"x"}])"}) {
    EXPECT_EQ(code(post("/chat", std::string(R"({"session_id":"a",)") + fields + "}")),
              "not_in_a_turn");
  }
  api_->keep_sessions({});
  EXPECT_EQ(code(post("/chat", R"({"prompt":"x","session_id":"a"})")), "sessions_off");
}

TEST_F(SessionsApiTest, ATurnSeesTheTurnsBeforeIt) {
  start();
  create(R"({"session_id":"a","system":"Be kind."})");
  const Json first = json(post("/chat", R"({"session_id":"a","prompt":"one"})"));
  EXPECT_EQ(first["response"], "You said: one");
  EXPECT_EQ(first["session_id"], "a");
  EXPECT_EQ(first["turn"], 1);
  EXPECT_EQ(prompt(), "<|begin|><|System|>Be kind.<|User|>one<|Assistant|><think>\n\n</think>\n\n");
  start();
  const RawResponse second =
      post("/chat_stream", R"({"session_id":"a","messages":[{"role":"user","content":"two"}]})");
  EXPECT_EQ(test::join_sse_messages(second.body), "You said: two");
  EXPECT_EQ(second.fields.at("x-history"),
            "policy=drop_oldest_turns; turns_kept=1; turns_dropped=0");
  EXPECT_THAT(second.body, HasSubstr(R"("session_id":"a","turn":2,"history":{"policy":)"));
  EXPECT_EQ(prompt(),
            "<|begin|><|System|>Be kind.<|User|>one<|Assistant|>You said: one"
            "<|User|>two<|Assistant|><think>\n\n</think>\n\n");
  const Json session = json(get("/sessions/a"));
  EXPECT_EQ(session["num_turns"], 2);
  EXPECT_EQ(session["turns"][1]["messages"][0]["content"], "two");
  EXPECT_EQ(session["turns"][1]["response"], "You said: two");
  EXPECT_EQ(session["turns"][1]["finish_reason"], "stop");
}

TEST_F(SessionsApiTest, WhatTheModelThoughtIsNotKept) {
  start();
  engine_->answer("x", {.pieces = {"<think>\nhm\n</think>\n\n", "42"}});
  create(R"({"session_id":"a"})");
  EXPECT_EQ(
      json(post("/chat", R"({"session_id":"a","prompt":"x","enable_thinking":true})"))["reasoning"],
      "hm");
  EXPECT_EQ(json(get("/sessions/a"))["turns"][0]["response"], "42");
}

TEST_F(SessionsApiTest, LeavesOutWholeTurnsAndSaysHowMany) {
  start();
  create(R"({"session_id":"a","system":"S"})");
  for (int turn = 1; turn <= 6; ++turn) {
    post("/chat", R"({"session_id":"a","prompt":"q)" + std::to_string(turn) + "\"}");
  }
  const RawResponse seventh = post("/chat", R"({"session_id":"a","prompt":"q7"})");
  EXPECT_EQ(json(seventh)["history"], (Json{{"policy", "drop_oldest_turns"},
                                            {"turns_kept", 3},
                                            {"turns_dropped", 3},
                                            {"turns_removed", 0}}));
  EXPECT_EQ(prompt().substr(0, 33), "<|begin|><|System|>S<|User|>q4<|A");
  // For this turn only.
  const Json all =
      json(post("/chat", R"({"session_id":"a","prompt":"q8","history_policy":"error"})"));
  EXPECT_EQ(all["history"]["turns_kept"], 7);
  const Json none =
      json(post("/chat", R"({"session_id":"a","prompt":"q9","max_history_turns":0})"));
  EXPECT_EQ(none["history"]["turns_dropped"], 8);
  EXPECT_EQ(json(get("/sessions/a"))["num_turns"], 9);
}

TEST_F(SessionsApiTest, AHistoryLongerThanTheContext) {
  engine_options_.max_context_tokens = 600;
  start();
  create(R"({"session_id":"drops"})");
  create(R"({"session_id":"keeps","history_policy":"error"})");
  const std::string question(150, 'q');
  for (int turn = 0; turn < 3; ++turn) {
    const std::string fields = R"(,"max_new_tokens":64,"prompt":")" + question + "\"}";
    const RawResponse drops = post("/chat", R"({"session_id":"drops")" + fields);
    EXPECT_EQ(drops.status, 200) << drops.body;
    const RawResponse keeps = post("/chat", R"({"session_id":"keeps")" + fields);
    EXPECT_EQ(keeps.status, turn < 2 ? 200 : 400);
    EXPECT_EQ(code(keeps), turn < 2 ? "" : "context_length_exceeded");
  }
  // What was refused is no turn, and the session goes on.
  EXPECT_EQ(json(get("/sessions/keeps"))["num_turns"], 2);
  EXPECT_EQ(json(post("/chat", R"({"session_id":"keeps","prompt":"q","max_new_tokens":64,)"
                               R"("history_policy":"sliding_window"})"))["history"]["turns_kept"],
            1);
}

// Whether the request's earlier prompt, without what was dropped, is its prompt.
testing::AssertionResult has_moved_on(const GenerationRequest& request) {
  if (!request.window) return testing::AssertionFailure() << "no window";
  std::vector<TokenId> tokens = request.window->earlier;
  if (tokens.empty()) return testing::AssertionFailure() << "no earlier prompt";
  const auto dropped = tokens.begin() + request.window->num_pinned;
  tokens.erase(dropped, dropped + request.window->num_dropped);
  return tokens == request.prompt_tokens ? testing::AssertionSuccess()
                                         : testing::AssertionFailure() << "another prompt";
}

TEST_F(SessionsApiTest, AWindowThatMovesOnTellsTheEngineWhatItWas) {
  start();
  create(R"({"session_id":"a","system":"S","history_policy":"sliding_window",)"
         R"("history_window_tokens":40})");
  const auto ask = [&](const std::string& text) {
    return post("/chat", R"({"session_id":"a","window_cache":"rotate","prompt":")" + text + "\"}");
  };
  for (const char* text : {"q1", "q2", "q3"}) {  // two turns are as much as 40 tokens hold
    const RawResponse whole = ask(text);
    EXPECT_EQ(json(whole)["history"]["window_cache"], "rotate") << whole.body;
    EXPECT_FALSE(engine_->last_request().window) << "nothing was left out";
  }
  const std::string before = prompt();

  const RawResponse moved = ask("q4");
  GenerationRequest request = engine_->last_request();
  EXPECT_TRUE(has_moved_on(request));
  EXPECT_TRUE(request.window->is_earlier_whole);
  EXPECT_EQ(engine_->tokenizer().decode(request.window->earlier, false).substr(0, 60),
            before.substr(0, 60));
  EXPECT_EQ(json(moved)["history"]["turns_dropped"], 1);
  EXPECT_EQ(json(moved)["history"]["rotated_tokens"], 0);  // this engine has no cache
  EXPECT_EQ(moved.fields.at("x-history"),
            "policy=sliding_window; turns_kept=2; turns_dropped=1; window_cache=rotate");

  ask("q5");
  EXPECT_TRUE(has_moved_on(engine_->last_request()));
  EXPECT_FALSE(engine_->last_request().window->is_earlier_whole);
  EXPECT_EQ(engine_->last_request().window->conversation, request.window->conversation);
  const std::string wider = R"({"session_id":"a","history_window_tokens":60,"prompt":"q6",)";
  post("/chat", wider + R"("window_cache":"rotate"})");
  ASSERT_TRUE(engine_->last_request().window);
  EXPECT_TRUE(engine_->last_request().window->earlier.empty()) << "nothing more was left out";
  post("/chat", R"({"session_id":"a","prompt":"q7"})");
  EXPECT_FALSE(engine_->last_request().window) << "it is off by default";

  // Who comes after it has nothing of it.
  EXPECT_EQ(remove("a").status, 200);
  create(R"({"session_id":"a","history_policy":"sliding_window","history_window_tokens":0})");
  ask("q1");
  post("/chat", R"({"session_id":"a","window_cache":"rotate","prompt":"q2",)"
                R"("history_window_tokens":1})");
  ASSERT_TRUE(engine_->last_request().window);
  EXPECT_NE(engine_->last_request().window->conversation, request.window->conversation);
}

TEST_F(SessionsApiTest, RotatesOnlyWhereAWindowSlides) {
  start();
  create(R"({"session_id":"a"})");
  const auto refusal = [&](const std::string& fields) {
    const RawResponse response = post("/chat", R"({"prompt":"q",)" + fields + "}");
    return response.status == 400 ? json(response)["error"]["message"].get<std::string>()
                                  : response.body;
  };
  EXPECT_EQ(refusal(R"("session_id":"a","window_cache":"shift")"),
            "window_cache must be recompute or rotate");
  EXPECT_EQ(refusal(R"("window_cache":"rotate")"),
            "window_cache is of a session's turn (session_id is missing)");
  EXPECT_EQ(refusal(R"("session_id":"a","window_cache":"rotate")"),
            "window_cache: rotate is of history_policy sliding_window (the turn's is "
            "drop_oldest_turns)");
  EXPECT_EQ(json(get("/sessions/a"))["num_turns"], 0);
  settings_.has_prefix_cache = false;
  start();
  EXPECT_EQ(refusal(R"("session_id":"a","window_cache":"rotate","history_window_tokens":9)"),
            "window_cache: rotate needs the prefix cache (setting: prefix_cache)");

  // The setting is for those that slide, and no hindrance to others.
  settings_ = {};
  settings_.window_cache = WindowCache::kRotate;
  start();
  const Json plain = json(post("/chat", R"({"session_id":"a","prompt":"q"})"));
  EXPECT_FALSE(plain["history"].contains("window_cache")) << dump_json(plain);
  const Json slides =
      json(post("/chat", R"({"session_id":"a","prompt":"q","history_window_tokens":9})"));
  EXPECT_EQ(slides["history"]["window_cache"], "rotate") << dump_json(slides);
  const Json not_now = json(post("/chat", R"({"session_id":"a","prompt":"q",)"
                                          R"("history_window_tokens":9,)"
                                          R"("window_cache":"recompute"})"));
  EXPECT_FALSE(not_now["history"].contains("window_cache")) << dump_json(not_now);
  EXPECT_EQ(post("/chat", R"({"prompt":"q"})").status, 200);
}

TEST_F(SessionsApiTest, MessagesOfAClientMayBeLeftOutAsWell) {
  start();
  Json body;
  body["messages"] = Json::array({{{"role", "system"}, {"content", "S"}}});
  for (int i = 0; i < 8; ++i) {
    body["messages"].push_back({{"role", "user"}, {"content", "q" + std::to_string(i)}});
    body["messages"].push_back({{"role", "assistant"}, {"content", "a"}});
  }
  body["messages"].push_back({{"role", "user"}, {"content", "now"}});
  const RawResponse all = post("/chat", dump_json(body));
  EXPECT_FALSE(json(all).contains("history"));
  EXPECT_FALSE(all.fields.contains("x-history"));
  body["history_window_tokens"] = 12;
  EXPECT_EQ(json(post("/chat", dump_json(body)))["history"]["turns_kept"], 2);
  EXPECT_EQ(prompt().substr(0, 33), "<|begin|><|System|>S<|User|>q6<|A");
}

TEST_F(SessionsApiTest, AnAnswerThatNobodyWaitsForIsNoTurn) {
  start(ScriptedEngine::Pace::kByHand);
  engine_->answer("x", {.pieces = {"on and on "}, .endless = true});
  create(R"({"session_id":"a"})");
  for (const char* path : {"/chat", "/chat_stream"}) {
    RawClient client(port());
    client.send(test::post_request(path, R"({"session_id":"a","prompt":"x"})"));
    ASSERT_TRUE(engine_->wait_for_requests(1));
    engine_->step();
    EXPECT_EQ(code(post("/chat", R"({"session_id":"a","prompt":"y"})")), "session_busy");
    EXPECT_EQ(remove("a").status, 409);
    client.reset();
    while (engine_->stats().requests_running > 0) std::this_thread::yield();
    engine_->step();
    while (code(post("/sessions", R"({"session_id":"a"})")) == "session_busy") {
      std::this_thread::yield();
    }
  }
  EXPECT_EQ(json(get("/sessions/a"))["num_turns"], 0);
}

TEST_F(SessionsApiTest, AnAnswerThatFailsIsNoTurn) {
  start();
  engine_->answer("x", {.pieces = {"so far"},
                        .finish_reason = FinishReason::kError,
                        .error = Status::internal("broken")});
  create(R"({"session_id":"a"})");
  EXPECT_EQ(post("/chat", R"({"session_id":"a","prompt":"x"})").status, 500);
  EXPECT_THAT(post("/chat_stream", R"({"session_id":"a","prompt":"x"})").body,
              HasSubstr("event: error"));
  const Json next = json(post("/chat", R"({"session_id":"a","prompt":"y"})"));
  EXPECT_EQ(next["turn"], 1);
}

// The process may write no file beyond one byte: a real refusal of the kernel, as of a full disk.
class FullDisk {
 public:
  FullDisk() {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = 1;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(SessionsApiTest, AFullDiskIsToldBeforeAnythingIsGenerated) {
  start();
  create(R"({"session_id":"a"})");
  RawResponse with_session, without;
  {
    const FullDisk full;
    with_session = post("/chat", R"({"session_id":"a","prompt":"x"})");
    EXPECT_EQ(engine_->stats().steps, 0);
    without = post("/chat", R"({"prompt":"x"})");
  }
  EXPECT_EQ(with_session.status, 503);
  EXPECT_EQ(code(with_session), "storage_unavailable");
  EXPECT_TRUE(with_session.fields.contains("retry-after"));
  EXPECT_EQ(without.status, 200);
  EXPECT_EQ(json(post("/chat", R"({"session_id":"a","prompt":"x"})"))["turn"], 1);
}

TEST_F(SessionsApiTest, ADiskThatFillsUpDuringTheAnswerIsNoSuccess) {
  start(ScriptedEngine::Pace::kByHand);
  engine_->answer("x", {.pieces = {"one", "two"}});
  create(R"({"session_id":"a"})");
  for (const char* path : {"/chat", "/chat_stream"}) {
    RawClient client(port());
    client.send(test::post_request(path, R"({"session_id":"a","prompt":"x"})"));
    ASSERT_TRUE(engine_->wait_for_requests(1));
    RawResponse response;
    {
      const FullDisk full;
      engine_->step();
      engine_->step();
      response = client.read_response();
    }
    EXPECT_THAT(response.body, HasSubstr("storage_unavailable"));
    EXPECT_THAT(response.body, ::testing::Not(HasSubstr("event: done")));
  }
  EXPECT_EQ(json(get("/sessions/a"))["num_turns"], 0);
}

// The next turn may come as soon as the answer has been read.
TEST_F(SessionsApiTest, TheSessionIsFreeWhenItsAnswerIsThere) {
  store_options_.durable = false;
  start();
  create(R"({"session_id":"a","max_history_turns":1})");
  RawClient client(port());
  for (int turn = 1; turn <= 60; ++turn) {
    const char* path = turn % 2 ? "/chat" : "/chat_stream";
    client.send(test::post_request(path, R"({"session_id":"a","prompt":"x"})"));
    const RawResponse response = client.read_response();
    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_THAT(response.body, HasSubstr("\"turn\":" + std::to_string(turn)));
  }
}

TEST_F(SessionsApiTest, ManyClientsKeepManySessions) {
  store_options_.durable = false;
  engine_options_.max_batch_size = 3;
  start();
  std::atomic<int> num_right{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 6; ++i) {
    clients.emplace_back([this, i, &num_right] {
      const std::string id = "c" + std::to_string(i);
      post("/sessions", R"({"session_id":")" + id + "\"}");
      for (int turn = 1; turn <= 10; ++turn) {
        const std::string word = id + "-" + std::to_string(turn);
        const auto body = parse_json(
            post("/chat", R"({"session_id":")" + id + R"(","prompt":")" + word + "\"}").body);
        const bool is_right =
            body && (*body)["response"] == "You said: " + word && (*body)["turn"] == turn;
        num_right += is_right;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(num_right, 60);
}

}  // namespace
}  // namespace youtu
