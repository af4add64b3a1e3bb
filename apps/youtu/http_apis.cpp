#include "http_apis.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>

#include "base/check.h"
#include "chat/data_folder.h"
#include "chat/sqlite_session_store.h"
#include "say.h"
#include "server_keys.h"
#include "webpage/page_routes.h"

namespace youtu {

namespace {

SessionLimits session_limits(const ServerConfig& config) {
  return {.ttl = config.session_ttl,
          .max_sessions = config.max_sessions,
          .max_session_bytes = config.max_session_bytes};
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
  options.limits = session_limits(config);
  options.trust_clock = config.trust_clock;
  options.report = [](const std::string& line) { say(stderr, "{}\n", line); };
  return open_sqlite_sessions(std::move(options));
}

// One that is not open where the settings want none.
Result<LogFile> open_log(const ServerConfig& config) {
  if (config.access_log.empty()) return LogFile();
  Result<LogFile> file = LogFile::open({.path = config.access_log,
                                        .max_file_bytes = config.access_log_bytes,
                                        .max_files = config.access_log_files});
  if (!file) return file.status().with_prefix("access_log: ");
  return file;
}

RequestSettings request_settings(const ConfigReport& report) {
  const ServerConfig& config = report.config;
  RequestSettings settings;
  settings.preset = config.default_preset;
  const std::string& source = report.sources.at("default_preset");
  settings.preset_source = source == "default" ? "default" : "config";
  settings.openai_preset = config.openai_preset;
  settings.clean_input = config.clean_input;
  settings.is_strict = config.strict_parameters;
  settings.window_cache = *find_window_cache(config.window_cache);
  settings.has_prefix_cache = config.prefix_cache;
  settings.model_aliases = config.model_aliases;
  settings.request_timeout =
      std::chrono::duration_cast<std::chrono::seconds>(config.request_timeout);
  return settings;
}

http::ServerRules server_rules(const ServerConfig& config) {
  return {.allowed_hosts = config.allowed_hosts,
          .allowed_origins = config.allowed_origins,
          .max_connections = static_cast<int>(config.max_connections),
          .max_connections_per_address = static_cast<int>(config.max_connections_per_address)};
}

AccessOptions access_options(const ServerConfig& config) {
  AccessOptions options;
  options.max_requests_per_key = static_cast<int>(config.max_requests_per_key);
  return options;
}

}  // namespace

Result<std::unique_ptr<HttpApis>> HttpApis::create(const ConfigReport& report) {
  Result<ApiKeys> keys = load_api_keys(report.config);
  RETURN_IF_ERROR(keys);
  RETURN_IF_ERROR(check_exposure(report.config, *keys));
  Result<std::unique_ptr<SessionStore>> sessions = open_sessions(report.config);
  RETURN_IF_ERROR(sessions);
  return std::unique_ptr<HttpApis>(new HttpApis(report, *std::move(keys), *std::move(sessions)));
}

HttpApis::HttpApis(const ConfigReport& report, ApiKeys keys, std::unique_ptr<SessionStore> sessions)
    : report_(report),
      state_({.model_name = report.config.model_name, .requests = request_settings(report)}),
      access_(std::move(keys), access_options(report.config)),
      sessions_(std::move(sessions)),
      native_(state_),
      openai_(state_),
      responses_(state_),
      messages_(state_),
      tokenizer_(state_),
      status_(state_, YOUTU_VERSION) {}

Result<http::ServerOptions> HttpApis::server_options() {
  http::ServerOptions options;
  options.host = config().host;
  options.port = static_cast<int>(config().port);
  options.rules = server_rules(config());
  options.gate = [this](http::Request& request) {
    std::optional<http::Response> refusal = access_.admit(request);
    state_.pin_settings(request);
    return refusal;
  };
  Result<LogFile> log = open_log(config());
  RETURN_IF_ERROR(log);
  log_.use(*std::move(log));
  options.on_exchange = [this](const http::ExchangeRecord& record) { log_.write(record); };
  return options;
}

Result<ConfigChange> HttpApis::change(const ConfigReport& wanted, http::Server& server,
                                      Engine& engine) {
  ConfigChange change = plan_config_change(report_, wanted);
  const ServerConfig& next = change.report.config;
  Result<ApiKeys> keys = load_api_keys(next);
  RETURN_IF_ERROR(keys);
  RETURN_IF_ERROR(check_exposure(next, *keys));
  Result<LogFile> log = open_log(next);
  RETURN_IF_ERROR(log);
  RETURN_IF_ERROR(engine.change(engine_options(next, next.model)));
  // From here on nothing fails.
  server.change(server_rules(next), [&] {
    state_.change(request_settings(change.report));
    access_.change(*std::move(keys), access_options(next));
    if (sessions_) sessions_->set_limits(session_limits(next));
  });
  log_.use(*std::move(log));
  report_ = change.report;
  return change;
}

http::Router HttpApis::make_router(http::Server& server) {
  state_.http_stats = [&server] { return server.stats(); };
  if (sessions_) {
    const SessionSupport support = {
        sessions_.get(), [&server](std::function<void()> work) { server.post(std::move(work)); }};
    native_.keep_sessions(support);
    responses_.keep_sessions(support);
  }
  http::Router router;
  native_.add_routes(router);
  openai_.add_routes(router);
  responses_.add_routes(router);
  messages_.add_routes(router);
  tokenizer_.add_routes(router);
  status_.add_routes(router);
  if (sessions_) sessions_api_.emplace(*sessions_).add_routes(router);
  add_page_routes(router);
  return router;
}

// A failure is told by the requests that meet it, and the next time tries again.
void HttpApis::expire_sessions() {
  if (sessions_) (void)sessions_->expire();
}

void HttpApis::sync_sessions() {
  if (sessions_) (void)sessions_->sync();
}

}  // namespace youtu
