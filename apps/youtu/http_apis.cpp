#include "http_apis.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>

#include "access_log.h"
#include "base/check.h"
#include "chat/data_folder.h"
#include "chat/sqlite_session_store.h"
#include "http/host_rules.h"
#include "webpage/page_routes.h"

namespace youtu {

namespace {

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

ServingOptions serving_options(const ServerConfig& config) {
  ServingOptions options;
  options.model_name = config.model_name;
  options.model_aliases = config.model_aliases;
  options.request_timeout =
      std::chrono::duration_cast<std::chrono::seconds>(config.request_timeout);
  return options;
}

AccessOptions access_options(const ServerConfig& config) {
  AccessOptions options;
  options.max_requests_per_key = static_cast<int>(config.max_requests_per_key);
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
    : config_(report.config),
      state_(serving_options(report.config)),
      access_(std::move(keys), access_options(report.config)),
      sessions_(std::move(sessions)),
      native_(state_, chat_defaults(report)),
      openai_(state_, openai_defaults(report.config)),
      responses_(state_, report.config.openai_preset),
      messages_(state_, report.config.openai_preset),
      tokenizer_(state_),
      status_(state_, YOUTU_VERSION) {}

Result<http::ServerOptions> HttpApis::server_options() {
  http::ServerOptions options;
  options.host = config_.host;
  options.port = static_cast<int>(config_.port);
  options.allowed_hosts = config_.allowed_hosts;
  options.allowed_origins = config_.allowed_origins;
  options.max_connections = static_cast<int>(config_.max_connections);
  options.max_connections_per_address = static_cast<int>(config_.max_connections_per_address);
  options.gate = [this](http::Request& request) { return access_.admit(request); };
  if (config_.access_log.empty()) return options;
  auto log =
      open_access_log({config_.access_log, config_.access_log_bytes, config_.access_log_files});
  RETURN_IF_ERROR(log);
  options.on_exchange = *std::move(log);
  return options;
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

void HttpApis::expire_sessions() {
  // A failure is told by the requests that meet it, and the next time tries again.
  if (sessions_) (void)sessions_->expire();
}

}  // namespace youtu
