// `youtu serve`: settings, network, model, in this order, so that what can fail quickly fails
// before the model is pulled and loaded, and whoever asks meanwhile is told how far that is; then
// it answers until a signal says to close.
#include "commands.h"
#include "config/server_config.h"
#include "find_model.h"
#include "http/server.h"
#include "http_apis.h"
#include "memory_report.h"
#include "out_of_memory.h"
#include "report_error.h"
#include "say.h"
#include "server_signals.h"
#include "setting_flags.h"
#include "youtu/engine.h"

#include <fmt/format.h>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <utility>

namespace youtu {

namespace {

// What clients that do not read may take of the program's end.
constexpr std::chrono::milliseconds kLastWordsTimeout{1'000};

struct ServeFlags {
  SettingFlags settings;
  bool print_config = false;
  bool check_config = false;
};

int fail(int exit_code, const Status& status) {
  fmt::print(stderr, "error: {}\n", status.message());
  return exit_code;
}

// Reads the settings and the keys again. What is wrong with them leaves everything as it was.
void reload(const ServeFlags& flags, http::Server& server, HttpApis& apis, Engine& engine) {
  const Result<ConfigReport> wanted = read_settings(flags.settings);
  const Result<ConfigChange> change =
      wanted ? apis.change(*wanted, server, engine) : Result<ConfigChange>(wanted.status());
  if (change) {
    apis.state().reloads().note_success(std::time(nullptr));
    say(stderr, "reloaded, changed: {}\n", config_change_text(*change));
  } else {
    apis.state().reloads().note_failure();
    say(stderr, "reload failed, everything stays as it was: {}\n", change.status().message());
  }
}

// Waits for the signal to close; meanwhile settings are read again where a signal asks for it, and
// sessions whose time is over are removed.
void serve_until_closing(const ServeFlags& flags, ServerSignals& signals, http::Server& server,
                         HttpApis& apis, Engine& engine) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::minutes kExpiryInterval{1};
  constexpr std::chrono::seconds kSyncInterval{1};
  const bool syncs = apis.config().sessions && apis.config().session_durability == "fast";
  Clock::time_point next_expiry = Clock::now() + kExpiryInterval;
  for (;;) {
    switch (signals.wait_for(syncs ? kSyncInterval : kExpiryInterval)) {
      case ServerSignals::Wish::kClose:
        return;
      case ServerSignals::Wish::kReload:
        reload(flags, server, apis, engine);
        break;
      case ServerSignals::Wish::kNone:
        if (syncs) server.post([&apis] { apis.sync_sessions(); });
        if (Clock::now() < next_expiry) break;
        server.post([&apis] { apis.expire_sessions(); });
        next_expiry = Clock::now() + kExpiryInterval;
    }
  }
}

// Lets answers under way finish; whoever still waits at the end is told, and not left with half an
// answer. False if there was somebody.
bool close_server(http::Server& server, ServingState& state, std::chrono::milliseconds patience) {
  say(stdout, "closing: answers under way have up to {} s\n", patience.count() / 1000);
  state.begin_drain();
  const bool complete = server.drain(patience);
  if (!complete) {
    state.cut_off();
    server.wake();
    server.drain(kLastWordsTimeout);
  }
  server.stop();
  return complete;
}

void print_welcome(const ModelInfo& model, const http::Server& server, double load_seconds) {
  const std::string url = server.url();
  say(stdout, "model     {} ({}, {}), {:.1f} million parameters, {}, {}, loaded in {:.1f} s\n",
      model.name, model.architecture, model.format, static_cast<double>(model.num_parameters) / 1e6,
      model.weight_types, bytes_text(model.weight_bytes), load_seconds);
  if (!model.pack_cache.empty()) say(stdout, "packed    {}\n", model.pack_cache);
  say(stdout, "compute   {}, {} thread{}\n", model.isa, model.num_threads,
      model.num_threads == 1 ? "" : "s");
  say(stdout, "context   {} tokens of the model's {}, cache {}\n", model.context_length,
      model.model_context_length, bytes_text(model.cache_bytes));
  say(stdout, "serving   {}\n\ntry:\n", url);
  say(stdout,
      "  curl {}/chat -H 'Content-Type: application/json' -d '{{\"prompt\": "
      "\"解释牛顿第一定律\"}}'\n",
      url);
  say(stdout,
      "  curl -N {}/chat_stream -H 'Content-Type: application/json' -d '{{\"prompt\": \"Tell me a "
      "joke\", "
      "\"config\": \"quality\"}}'\n\n",
      url);
}

// Pulls the model where it is not here, which may take hours.
Result<std::string> find_served_model(const ServerConfig& config, LoadProgress& loading,
                                      ServerSignals& signals) {
  const auto note = [&](double share) {
    signals.set_last_words(
        "error: interrupted; the same command goes on with the pull from here\n");
    loading.note(LoadStage::kPull, share);
  };
  Result<std::string> path =
      find_model(config.model, {.offline = config.offline, .on_pull_progress = note});
  signals.set_last_words(nullptr);
  loading.note(LoadStage::kFiles, 0);
  return path;
}

// What the server's answers use outlives it.
int run_server(const ServeFlags& flags, HttpApis& apis) {
  const ServerConfig config = apis.config();
  EngineOptions options = engine_options(config, config.model);
  if (Status status = check_engine_options(options); !status) {
    return fail(kExitConfiguration, status);
  }
  ServerSignals signals;
  ServingState& state = apis.state();
  options.on_load_progress = [&state](double share) {
    state.loading().note(LoadStage::kWeights, share);
  };
  Result<http::ServerOptions> http_options = apis.server_options();
  if (!http_options) return fail(kExitConfiguration, http_options.status());
  Result<std::unique_ptr<http::Server>> server = http::Server::bind(*std::move(http_options));
  if (!server) return fail(kExitConfiguration, server.status());
  (*server)->start(apis.make_router(**server));
  say(stdout, "listening on {}\n", (*server)->url());
  const Result<std::string> model_path = find_served_model(config, state.loading(), signals);
  if (!model_path) return report_error(model_path.status());
  options.model_path = *model_path;
  say(stdout, "loading {}\n", *model_path);

  const auto begin = std::chrono::steady_clock::now();
  Result<std::unique_ptr<Engine>> engine = create_engine(options, [&](const MemoryReport& memory) {
    say(stdout, "memory    {}\n", memory_line(memory, server_buffers(config)));
    return check_memory(memory);
  });
  if (!engine) return report_error(engine.status());
  const std::chrono::duration<double> loading = std::chrono::steady_clock::now() - begin;
  (*engine)->set_report([](const std::string& line) { say(stderr, "{}\n", line); });
  (*engine)->set_step_listener([&server] { (*server)->wake(); });
  throw_when_out_of_memory();
  signals.begin_serving();
  state.attach(**engine);
  print_welcome((*engine)->model_info(), **server, loading.count());

  serve_until_closing(flags, signals, **server, apis, **engine);
  const bool complete = close_server(**server, state, apis.config().drain_timeout);
  if (const Status status = (*engine)->health(); !status) {
    say(stderr, "error: {}; it is not waited for\n", status.message());
    std::fflush(nullptr);
    ::_exit(kExitModel);  // the engine's thread cannot be joined
  }
  (*engine).reset();  // before the server's object, which its step listener uses
  say(stdout, "closed{}\n", complete ? "" : ", with answers cut off");
  return kExitOk;
}

int serve(const ServeFlags& flags) {
  const Result<ConfigReport> report = read_settings(flags.settings);
  if (!report) return fail(kExitConfiguration, report.status());
  if (flags.print_config) {
    fmt::print("{}", print_config(*report));
    return kExitOk;
  }
  const Result<std::unique_ptr<HttpApis>> apis = HttpApis::create(*report);
  if (!apis) return fail(kExitConfiguration, apis.status());
  if (flags.check_config) {
    fmt::print("the settings are good\n");
    return kExitOk;
  }
  return run_server(flags, **apis);
}

}  // namespace

void add_serve_command(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ServeFlags>();
  CLI::App& command = *app.add_subcommand(
      "serve", "Answer over HTTP: a web page, /chat, the APIs of OpenAI and Anthropic");
  command.add_flag("--print-config", flags->print_config,
                   "Print the settings in force and where each is from");
  command.add_flag("--check-config", flags->check_config,
                   "Say whether the settings, keys and folders are good, and end");
  add_setting_flags(command, flags->settings);
  command.callback([flags, &exit_code] { exit_code = serve(*flags); });
}

}  // namespace youtu
