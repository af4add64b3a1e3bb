#include "doctor_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "ask_health.h"
#include "chat/data_folder.h"
#include "http/server.h"
#include "hub/model_store.h"
#include "memory_report.h"
#include "model/pack_cache.h"
#include "server_keys.h"
#include "youtu/engine.h"

namespace youtu {

namespace {

namespace fs = std::filesystem;

// A folder with less than this is about to be full.
constexpr int64_t kLittleSpaceBytes = int64_t{1} << 30;

const char* environment(const char* variable) {
  return std::getenv(variable);
}

// The folder, or the one around it that is there and would have to take it.
fs::path nearest_that_exists(fs::path path) {
  std::error_code error;
  path = fs::absolute(path, error);
  while (!fs::exists(path, error) && path.has_parent_path() && path != path.parent_path()) {
    path = path.parent_path();
  }
  return path;
}

// Tries it: permissions are not all that may forbid it.
Status try_to_write(const fs::path& folder) {
  const fs::path path = folder / fmt::format(".youtu-doctor-{}", ::getpid());
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) {
    return Status::failed_precondition(folder.string() + ": " +
                                       std::generic_category().message(errno));
  }
  const bool is_written = ::write(file, "?", 1) == 1;
  const int reason = errno;
  ::close(file);
  ::unlink(path.c_str());
  if (is_written) return Status::ok();
  return Status::resource_exhausted(folder.string() + ": " +
                                    std::generic_category().message(reason));
}

// `loss` says what happens where it cannot be written; `worst` is how bad that is.
Finding check_folder(std::string_view check, const std::string& path, Verdict worst,
                     std::string_view loss) {
  const fs::path existing = nearest_that_exists(path);
  if (const Status status = try_to_write(existing); !status) {
    return {check, worst, fmt::format("cannot be written: {}", status.message()),
            fmt::format("{}; a folder that this user may write to", loss)};
  }
  std::error_code error;
  const fs::space_info space = fs::space(existing, error);
  const auto free_bytes = static_cast<int64_t>(error ? UINTMAX_MAX >> 1 : space.available);
  Finding finding = {
      check, Verdict::kOk,
      fmt::format("{}{}, {} free", path, fs::exists(path, error) ? "" : " can be made",
                  bytes_text(free_bytes))};
  if (free_bytes < kLittleSpaceBytes) {
    finding.verdict = Verdict::kWarn;
    finding.advice = fmt::format("make room: when it is full, {}", loss);
  }
  return finding;
}

Finding check_cache_folder(const ServerConfig& config) {
  const std::string folder = find_pack_cache(config.pack_cache, environment).folder;
  if (folder.empty()) {
    return {"cache folder", Verdict::kOk, "none: weights are packed at every start"};
  }
  return check_folder("cache folder", folder, Verdict::kWarn,
                      "packed weights are not kept, and every start takes longer");
}

Finding check_session_folder(const ServerConfig& config) {
  if (!config.sessions) return {"session folder", Verdict::kOk, "none: sessions are off"};
  const Result<std::string> folder = find_data_folder(config.data_dir, environment);
  if (!folder) {
    return {"session folder", Verdict::kBad, folder.status().message(),
            "set data_dir, or sessions: false"};
  }
  std::error_code error;
  if (fs::is_directory(*folder, error)) {
    if (const auto held = DataFolder::open(*folder); !held) {
      return {"session folder", Verdict::kWarn, held.status().message(),
              "another data_dir for a second server"};
    }
  }
  return check_folder("session folder", *folder, Verdict::kBad, "no conversation can be kept");
}

Finding check_model_folder() {
  const Result<std::string> folder = hub::find_models_folder(environment);
  if (!folder)
    return {"model folder", Verdict::kWarn, folder.status().message(), "set YOUTU_MODELS"};
  return check_folder("model folder", *folder, Verdict::kWarn, "no model can be pulled");
}

// The file itself is not opened: that would make it.
Finding check_log(const ServerConfig& config) {
  const fs::path path = config.access_log;
  std::error_code error;
  if (fs::exists(path, error) && ::access(path.c_str(), W_OK) != 0) {
    return {"access log", Verdict::kBad,
            fmt::format("{}: {}", config.access_log, std::generic_category().message(errno)),
            "a file that this user may write to"};
  }
  const std::string folder = path.has_parent_path() ? path.parent_path().string() : ".";
  return check_folder("access log", folder, Verdict::kBad, "nothing is logged");
}

}  // namespace

Finding check_settings(const Result<ConfigReport>& settings) {
  if (!settings) {
    return {"settings", Verdict::kBad, settings.status().message(),
            "docs/config.md has the table; what depends on settings was not looked at"};
  }
  if (const Status status = check_engine_options(engine_options(settings->config, "")); !status) {
    return {"settings", Verdict::kBad, status.message(), "docs/config.md has the table"};
  }
  const auto num_given = std::count_if(settings->sources.begin(), settings->sources.end(),
                                       [](const auto& entry) { return entry.second != "default"; });
  return {"settings", Verdict::kOk,
          fmt::format("good; {} of {} are given, the others are defaults", num_given,
                      settings->sources.size())};
}

Finding check_keys(const ServerConfig& config) {
  const Result<ApiKeys> keys = load_api_keys(config);
  if (!keys) {
    return {"keys", Verdict::kBad, keys.status().message(),
            "docs/config.md#keys says what it must be"};
  }
  if (const Status status = check_exposure(config, *keys); !status) {
    return {"keys", Verdict::kBad, status.message(), "one of these three"};
  }
  if (!keys->is_empty()) {
    return {"keys", Verdict::kOk, fmt::format("{} open the server", keys->names().size())};
  }
  if (config.insecure_no_auth) {
    return {"keys", Verdict::kWarn, "none is asked for, of nobody that reaches " + config.host,
            "api_key_file, unless something in front asks for keys"};
  }
  return {"keys", Verdict::kOk, "none is asked for; only this machine reaches " + config.host};
}

std::vector<Finding> check_folders(const ServerConfig& config) {
  std::vector<Finding> findings = {check_cache_folder(config), check_session_folder(config),
                                   check_model_folder()};
  if (!config.access_log.empty() && config.access_log != "-") {
    findings.push_back(check_log(config));
  }
  return findings;
}

Finding check_port(const ServerConfig& config) {
  if (config.port == 0) return {"port", Verdict::kOk, "any that is free"};
  http::ServerOptions options;
  options.host = config.host;
  options.port = static_cast<int>(config.port);
  const auto server = http::Server::bind(std::move(options));
  if (server) return {"port", Verdict::kOk, (*server)->url() + " is free"};
  const std::string answer = ask_health(static_cast<int>(config.port));
  if (!answer.starts_with("HTTP/1.1 ")) {
    return {"port", Verdict::kBad, server.status().message(), "another host or port"};
  }
  return {"port", Verdict::kWarn,
          fmt::format("a server answers at 127.0.0.1:{} already: {}", config.port,
                      answer.substr(0, answer.find('\r'))),
          "another port for a second one; youtu healthcheck says how that one is"};
}

}  // namespace youtu
