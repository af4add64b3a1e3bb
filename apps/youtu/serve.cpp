// `youtu serve`: settings, network, model, in this order, so that what can fail quickly fails
// before the model is loaded; then it answers until a signal says to close.
#include "access_log.h"
#include "base/check.h"
#include "chat/data_folder.h"
#include "chat/sqlite_session_store.h"
#include "commands.h"
#include "config/server_config.h"
#include "find_model.h"
#include "http/host_rules.h"
#include "http/server.h"
#include "memory_report.h"
#include "report_error.h"
#include "server/access_control.h"
#include "server/anthropic/messages_api.h"
#include "server/native_api.h"
#include "server/openai/openai_api.h"
#include "server/responses/responses_api.h"
#include "server/sessions_api.h"
#include "server/status_api.h"
#include "server/tokenizer_api.h"
#include "setting_flags.h"
#include "webpage/page_routes.h"
#include "youtu/engine.h"

#include <fmt/format.h>

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace youtu {

namespace {

// What clients that do not read may take of the program's end.
constexpr std::chrono::milliseconds kLastWordsTimeout{1'000};

struct ServeFlags {
  SettingFlags settings;
  bool print_config = false;
};

// SIGINT and SIGTERM, taken by a thread of their own: before serving begins they end the program,
// then the first one asks to close and the second ends the program.
class ClosingSignals {
 public:
  // Call before other threads are started: they inherit the mask.
  ClosingSignals() : state_(std::make_shared<State>()) {
    sigset_t signals = closing_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    // A client that leaves and a file that may not grow are errors of a write, not ours to die of.
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);
    // Detached: it waits in sigwait for as long as the process lives and owns what it uses.
    std::thread([state = state_] { watch(*state); }).detach();
  }
  // From here on there may be answers that deserve to be finished.
  void begin_serving() {
    const std::lock_guard lock(state_->mutex);
    state_->serving = true;
  }
  // True if it is time to close.
  bool wait_for(std::chrono::milliseconds time) {
    std::unique_lock lock(state_->mutex);
    return state_->changed.wait_for(lock, time, [this] { return state_->closing; });
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    bool serving = false;
    bool closing = false;
  };
  static sigset_t closing_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGINT);
    ::sigaddset(&signals, SIGTERM);
    return signals;
  }
  static void watch(State& state) {
    const sigset_t signals = closing_signals();
    for (;;) {
      int signal = 0;
      if (::sigwait(&signals, &signal) != 0) continue;
      const std::lock_guard lock(state.mutex);
      if (!state.serving || state.closing) ::_exit(128 + signal);
      state.closing = true;
      state.changed.notify_all();
    }
  }

  std::shared_ptr<State> state_;
};

int fail(int exit_code, const Status& status) {
  fmt::print(stderr, "error: {}\n", status.message());
  return exit_code;
}

// Of the file, and the one in the environment. Not of a flag: every user of a machine may read
// those.
Result<ApiKeys> load_api_keys(const ServerConfig& config) {
  ApiKeys keys;
  if (!config.api_key_file.empty()) {
    Result<ApiKeys> read = ApiKeys::read_file(config.api_key_file);
    RETURN_IF_ERROR(read);
    keys = *std::move(read);
  }
  if (const char* key = std::getenv("YOUTU_API_KEY")) {
    const Status status = keys.add("environment", key);
    if (!status) return status.with_prefix("YOUTU_API_KEY: ");
  }
  return keys;
}

// A server that anybody can reach and that asks nobody for a key must be meant.
Status check_exposure(const ServerConfig& config, const ApiKeys& keys) {
  if (config.insecure_no_auth || !keys.is_empty() || config.host == "localhost" ||
      http::is_loopback_address(config.host)) {
    return Status::ok();
  }
  return Status::invalid_argument(fmt::format(
      "host {} can be reached from other machines and no key is asked for (api_key_file, "
      "127.0.0.1, or --insecure-no-auth)",
      config.host));
}

http::ServerOptions server_options(const ServerConfig& config, AccessControl& access) {
  http::ServerOptions options;
  options.host = config.host;
  options.gate = [&access](http::Request& request) { return access.admit(request); };
  options.port = static_cast<int>(config.port);
  options.allowed_hosts = config.allowed_hosts;
  options.allowed_origins = config.allowed_origins;
  options.max_connections = static_cast<int>(config.max_connections);
  options.max_connections_per_address = static_cast<int>(config.max_connections_per_address);
  return options;
}

ServingOptions serving_options(const ServerConfig& config) {
  ServingOptions options;
  options.model_name = config.model_name;
  options.model_aliases = config.model_aliases;
  options.request_timeout =
      std::chrono::duration_cast<std::chrono::seconds>(config.request_timeout);
  return options;
}

ChatDefaults chat_defaults(const ConfigReport& report) {
  ChatDefaults defaults;
  defaults.preset = report.config.default_preset;
  const std::string& source = report.sources.at("default_preset");
  defaults.preset_source = source == "default" ? "default" : "config";
  defaults.clean_input = report.config.clean_input;
  defaults.is_strict = report.config.strict_parameters;
  return defaults;
}

openai::Defaults openai_defaults(const ServerConfig& config) {
  openai::Defaults defaults;
  defaults.preset = config.openai_preset;
  defaults.is_strict = config.strict_parameters;
  return defaults;
}

// None where the settings want none.
Result<std::unique_ptr<SessionStore>> open_sessions(const ServerConfig& config) {
  if (!config.sessions) return std::unique_ptr<SessionStore>();
  Result<std::string> folder =
      find_data_folder(config.data_dir, [](const char* name) { return std::getenv(name); });
  RETURN_IF_ERROR(folder);
  SqliteSessionOptions options;
  options.folder = *std::move(folder);
  options.durable = config.session_durability == "durable";
  options.ttl = config.session_ttl;
  options.max_sessions = config.max_sessions;
  options.max_session_bytes = config.max_session_bytes;
  options.trust_clock = config.trust_clock;
  options.report = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  return open_sqlite_sessions(std::move(options));
}

// Waits for the signal to close; meanwhile sessions whose time is over are removed.
void serve_until_closing(ClosingSignals& signals, http::Server& server, SessionStore* sessions) {
  constexpr std::chrono::minutes kExpiryInterval{1};
  while (!signals.wait_for(kExpiryInterval)) {
    // A failure is told by the requests that meet it, and the next minute tries again.
    if (sessions) server.post([sessions] { (void)sessions->expire(); });
  }
}

void print_welcome(const ModelInfo& model, const http::Server& server, double load_seconds) {
  const std::string url = server.url();
  fmt::print("model     {} ({}, {}), {:.1f} million parameters, {}, {}, loaded in {:.1f} s\n",
             model.name, model.architecture, model.format,
             static_cast<double>(model.num_parameters) / 1e6, model.weight_types,
             bytes_text(model.weight_bytes), load_seconds);
  if (!model.pack_cache.empty()) fmt::print("packed    {}\n", model.pack_cache);
  fmt::print("compute   {}, {} thread{}\n", model.isa, model.num_threads,
             model.num_threads == 1 ? "" : "s");
  fmt::print("context   {} tokens of the model's {}, cache {}\n", model.context_length,
             model.model_context_length, bytes_text(model.cache_bytes));
  fmt::print("serving   {}\n\ntry:\n", url);
  fmt::print(
      "  curl {}/chat -H 'Content-Type: application/json' -d '{{\"prompt\": "
      "\"解释牛顿第一定律\"}}'\n",
      url);
  fmt::print(
      "  curl -N {}/chat_stream -H 'Content-Type: application/json' -d '{{\"prompt\": \"Tell me a "
      "joke\", "
      "\"config\": \"quality\"}}'\n\n",
      url);
  std::fflush(stdout);
}

int run_server(const ConfigReport& report, ApiKeys keys, const std::string& model_path) {
  const ServerConfig& config = report.config;
  EngineOptions options = engine_options(config, model_path);
  if (Status status = check_engine_options(options); !status) {
    return fail(kExitConfiguration, status);
  }
  ClosingSignals signals;
  // What the server's answers use is destroyed after it.
  std::unique_ptr<SessionStore> sessions;
  std::optional<SessionsApi> sessions_api;
  ServingState state(serving_options(config));
  options.on_load_progress = [&state](double share) { state.note_progress(share); };
  AccessOptions access_options;
  access_options.max_requests_per_key = static_cast<int>(config.max_requests_per_key);
  AccessControl access(std::move(keys), std::move(access_options));
  NativeApi api(state, chat_defaults(report));
  anthropic::MessagesApi messages_api(state, config.openai_preset);
  responses::ResponsesApi responses_api(state, config.openai_preset);
  TokenizerApi tokenizer_api(state);
  StatusApi status_api(state, YOUTU_VERSION);
  openai::OpenAiApi openai_api(state, openai_defaults(config));
  http::ServerOptions http_options = server_options(config, access);
  if (!config.access_log.empty()) {
    auto log =
        open_access_log({config.access_log, config.access_log_bytes, config.access_log_files});
    if (!log) return fail(kExitConfiguration, log.status());
    http_options.on_exchange = *std::move(log);
  }
  Result<std::unique_ptr<http::Server>> server = http::Server::bind(std::move(http_options));
  if (!server) return fail(kExitConfiguration, server.status());
  Result<std::unique_ptr<SessionStore>> opened = open_sessions(config);
  if (!opened) return fail(kExitConfiguration, opened.status());
  sessions = *std::move(opened);
  state.http_stats = [&server] { return (*server)->stats(); };
  http::Router router;
  api.add_routes(router);
  openai_api.add_routes(router);
  messages_api.add_routes(router);
  responses_api.add_routes(router);
  tokenizer_api.add_routes(router);
  status_api.add_routes(router);
  add_page_routes(router);
  if (sessions) {
    sessions_api.emplace(*sessions).add_routes(router);
    const SessionSupport support = {sessions.get(), [&server](std::function<void()> work) {
                                      (*server)->post(std::move(work));
                                    }};
    api.keep_sessions(support);
    responses_api.keep_sessions(support);
  }
  (*server)->start(std::move(router));
  fmt::print("listening on {}, loading {}\n", (*server)->url(), model_path);
  std::fflush(stdout);

  const auto begin = std::chrono::steady_clock::now();
  Result<std::unique_ptr<Engine>> engine = create_engine(options, [&](const MemoryReport& memory) {
    fmt::print("memory    {}\n", memory_line(memory, server_buffers(config)));
    std::fflush(stdout);
    return check_memory(memory);
  });
  if (!engine) return fail(kExitModel, engine.status());
  const std::chrono::duration<double> loading = std::chrono::steady_clock::now() - begin;
  (*engine)->set_report([](const std::string& line) { fmt::print(stderr, "{}\n", line); });
  (*engine)->set_step_listener([&server] { (*server)->wake(); });
  signals.begin_serving();
  state.attach(**engine);
  print_welcome((*engine)->model_info(), **server, loading.count());

  serve_until_closing(signals, **server, sessions.get());
  fmt::print("closing: answers under way have up to {} s\n", config.drain_timeout.count() / 1000);
  std::fflush(stdout);
  state.begin_drain();
  const bool complete = (*server)->drain(config.drain_timeout);
  if (!complete) {  // whoever still waits is told, and not left with half an answer
    state.cut_off();
    (*server)->wake();
    (*server)->drain(kLastWordsTimeout);
  }
  (*server)->stop();
  if (const Status status = (*engine)->health(); !status) {
    fmt::print(stderr, "error: {}; it is not waited for\n", status.message());
    std::fflush(nullptr);
    ::_exit(kExitModel);  // the engine's thread cannot be joined
  }
  (*engine).reset();  // before the server's object, which its step listener uses
  fmt::print("closed{}\n", complete ? "" : ", with answers cut off");
  return kExitOk;
}

int serve(const ServeFlags& flags) {
  const Result<ConfigReport> report = read_settings(flags.settings);
  if (!report) return fail(kExitConfiguration, report.status());
  if (flags.print_config) {
    fmt::print("{}", print_config(*report));
    return kExitOk;
  }
  const ServerConfig& config = report->config;
  Result<ApiKeys> keys = load_api_keys(config);
  if (!keys) return fail(kExitConfiguration, keys.status());
  if (const Status status = check_exposure(config, *keys); !status)
    return fail(kExitConfiguration, status);
  const Result<std::string> model_path = find_model(config.model, {.offline = config.offline});
  if (!model_path) return report_error(model_path.status());
  return run_server(*report, *std::move(keys), *model_path);
}

}  // namespace

void add_serve_command(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ServeFlags>();
  CLI::App& command =
      *app.add_subcommand("serve", "Answer over HTTP: /health, /chat, /chat_stream, /sessions");
  command.add_flag("--print-config", flags->print_config,
                   "Print the settings in force and where each is from");
  add_setting_flags(command, flags->settings);
  command.callback([flags, &exit_code] { exit_code = serve(*flags); });
}

}  // namespace youtu
