// Every setting of the server, defined once: its key in the file, its flag, its environment
// variable, its range and its help come from one table. A flag wins over the environment, the
// environment over the file, the file over the default.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "youtu/engine.h"
#include "youtu/sampling_params.h"
#include "youtu/status.h"

namespace youtu {

struct ServerConfig {
  std::string host = "127.0.0.1";
  int64_t port = 8080;
  std::string model;  // empty: the demo model
  bool offline = false;
  std::string model_name;  // empty: the model's own name
  std::vector<std::string> model_aliases;
  int64_t max_context_tokens = 2048;
  int64_t threads = 0;
  std::string isa;
  std::string weights = "auto";
  int64_t precise_layers = EngineOptions{}.precise_layers;
  std::string load = "auto";
  std::string pack_cache = "auto";
  int64_t cache_tokens = 0;
  std::string cache_dtype = "auto";
  bool prefix_cache = true;
  bool speculation = true;
  int64_t prefill_slowdown_percent = 220;
  bool enable_batching = true;
  int64_t max_batch_size = 8;
  std::chrono::milliseconds batch_timeout{0};
  int64_t max_queued_requests = 32;
  int64_t max_queued_tokens = 0;
  std::chrono::milliseconds step_timeout{120'000};
  int64_t max_step_tokens = 512;
  std::string default_preset{kDefaultPreset};
  std::string openai_preset = "recommended";
  bool strict_parameters = false;
  bool clean_input = false;
  std::chrono::milliseconds request_timeout{600'000};
  std::chrono::milliseconds drain_timeout{30'000};
  int64_t max_connections = 1024;
  int64_t max_connections_per_address = 64;
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  bool insecure_no_auth = false;
  std::string api_key_file;
  std::string access_log;  // empty: none
  int64_t access_log_bytes = 64ll << 20;
  int64_t access_log_files = 5;
  int64_t max_requests_per_key = 8;
  bool sessions = true;
  std::string window_cache = "recompute";
  std::string data_dir;  // empty: youtu-serve of the user's state folder
  std::string session_durability = "durable";
  std::chrono::milliseconds session_ttl{std::chrono::hours(7 * 24)};
  int64_t max_sessions = 100'000;
  int64_t max_session_bytes = 1 << 20;
  bool trust_clock = false;
};

// One setting as people see it.
struct SettingInfo {
  std::string key;       // in the file: "max_batch_size"
  std::string flag;      // "--max-batch-size"
  std::string variable;  // "YOUTU_MAX_BATCH_SIZE"
  std::string help;
  std::string range;          // "1 to 256"; may be empty
  std::string default_value;  // as it would be written
  bool is_flag = false;       // true or false; as a flag it may stand without a value
  bool is_live = false;       // a server takes it over while it serves (SIGHUP)
};
std::span<const SettingInfo> server_settings();

// Where a value came from.
struct ConfigReport {
  ServerConfig config;
  std::map<std::string, std::string> sources;  // by key: "default", "file", "environment", "flag"
};

struct ConfigInputs {
  std::string file;                          // path; empty: none
  std::map<std::string, std::string> flags;  // by key; lists are separated by commas
  std::function<std::optional<std::string>(const std::string& variable)> environment;
};

// The settings in force, or the first thing that is wrong: "config.yaml:3: max_batch_size is 0 (1
// to 256)".
Result<ConfigReport> load_server_config(const ConfigInputs& inputs);

// "key: value  # source", one line each, as a settings file; "# source, live" for what a server
// takes over while it serves.
std::string print_config(const ConfigReport& report);

// REQUIRES: `model_path` is an existing model's.
EngineOptions engine_options(const ServerConfig& config, const std::string& model_path);

}  // namespace youtu
