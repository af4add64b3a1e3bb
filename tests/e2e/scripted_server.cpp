// A server over the scripted engine, for black-box tests that need no model: prints "port <n>" and
// serves until its standard input ends. With --loading its model never comes.
#include <signal.h>

#include <cstdio>
#include <functional>
#include <string_view>
#include <thread>
#include <utility>

#include "chat/sqlite_session_store.h"
#include "http/server.h"
#include "server/anthropic/messages_api.h"
#include "server/native_api.h"
#include "server/openai/openai_api.h"
#include "server/responses/responses_api.h"
#include "server/sessions_api.h"
#include "server/tokenizer_api.h"
#include "tests/support/scripted_engine.h"
#include "tests/support/temporary_folder.h"
#include "webpage/page_routes.h"

namespace {

using namespace std::chrono_literals;
using youtu::test::ScriptedEngine;

void write_script(ScriptedEngine& engine) {
  engine.answer("ping", {.pieces = {"po", "ng"}});
  engine.answer("解释牛顿第一定律",
                {.pieces = {"一切物体", "在不受外力时，\n", "保持静止或匀速直线运动。"}});
  engine.answer("写个笑话",
                {.pieces = {"为什么程序员分不清万圣节和圣诞节？", "因为 Oct 31 == Dec 25。", "😀"}});
  engine.answer("awkward",
                {.pieces = {"data: x", "\n\nevent: hack\ndata: {}", "", " lead", "\xE2\x80\xA8",
                            "\n\n\n", ": c\n", "id: 1\n", "你好", "\tend "}});
  engine.answer("think", {.pieces = {"<think>", "two and two", " is", "</think>", "Four."}});
  engine.answer("returns", {.pieces = {"a\r", "\nb\r", "c\r\nd"}});
  engine.answer("forever", {.pieces = {"on and on "}, .endless = true});
  engine.answer("fail", {.pieces = {"so far"},
                         .finish_reason = youtu::FinishReason::kError,
                         .error = youtu::Status::internal("the scripted failure")});
  engine.answer("weather", {.pieces = {"Let me see. <tool", "_call>{\"name\": \"get_weather\", ",
                                       "\"arguments\": {\"city\": ", "\"北京\"}}</tool_call>"}});
  // More than any socket holds, so that a client that does not read is noticed.
  engine.answer("flood", {.pieces = {std::string(1 << 18, 'x')}, .endless = true});
}

}  // namespace

// --loading: never becomes ready. --for-pages: writes no faster than people see it, and waits as
// long as the program does for a browser that has little of the machine.
int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  const bool is_loading = mode == "--loading";
  const bool is_for_pages = mode == "--for-pages";
  ::signal(SIGXFSZ, SIG_IGN);  // as the program does
  const youtu::TemporaryFolder folder;
  youtu::SqliteSessionOptions session_options;
  session_options.folder = folder.path().string();
  session_options.durable = false;
  session_options.limits.max_sessions = 8;
  session_options.limits.max_session_bytes = 64 << 10;
  auto sessions = youtu::open_sqlite_sessions(session_options);
  if (!sessions) {
    std::fprintf(stderr, "error: %s\n", sessions.status().message().c_str());
    return 1;
  }
  youtu::EngineOptions engine_options;
  engine_options.max_context_tokens = 30'000;
  ScriptedEngine engine(ScriptedEngine::Pace::kFree, engine_options);
  engine.set_step_time(is_for_pages ? 5ms : 1ms);
  write_script(engine);
  youtu::ServingOptions options;
  options.model_name = "Youtu-LLM-2B";
  youtu::ServingState state(options);
  youtu::NativeApi api(state);
  youtu::anthropic::MessagesApi messages_api(state);
  youtu::responses::ResponsesApi responses_api(state);
  youtu::TokenizerApi tokenizer_api(state);
  youtu::openai::OpenAiApi openai_api(state);
  youtu::http::ServerOptions server_options;
  server_options.port = 0;
  if (!is_for_pages) {
    server_options.header_timeout = server_options.body_idle_timeout = 1000ms;
    server_options.send_timeout = 1000ms;
  }
  auto server = youtu::http::Server::bind(server_options);
  if (!server) {
    std::fprintf(stderr, "error: %s\n", server.status().message().c_str());
    return 1;
  }
  engine.set_step_listener([&server] { (*server)->wake(); });
  youtu::http::Router router;
  api.add_routes(router);
  openai_api.add_routes(router);
  messages_api.add_routes(router);
  responses_api.add_routes(router);
  tokenizer_api.add_routes(router);
  youtu::add_page_routes(router);
  youtu::SessionsApi sessions_api(**sessions);
  sessions_api.add_routes(router);
  const youtu::SessionSupport support = {
      sessions->get(), [&server](std::function<void()> work) { (*server)->post(std::move(work)); }};
  api.keep_sessions(support);
  responses_api.keep_sessions(support);
  // What the tests ask about the engine: requests that run now.
  router.add("GET", "/running", [&engine](const youtu::http::Request&) {
    youtu::http::Response response;
    response.body = std::to_string(engine.stats().requests_running);
    return response;
  });
  (*server)->start(std::move(router));
  if (!is_loading) state.attach(engine);
  std::printf("port %d\n", (*server)->port());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  (*server)->stop();
  return 0;
}
