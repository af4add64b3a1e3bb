#include "config/server_config.h"

#include "base/check.h"
#include "base/nearest_name.h"
#include "config/settings_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <variant>

namespace youtu {

namespace {

using Milliseconds = std::chrono::milliseconds;
using Member =
    std::variant<std::string ServerConfig::*, int64_t ServerConfig::*, bool ServerConfig::*,
                 Milliseconds ServerConfig::*, std::vector<std::string> ServerConfig::*>;

struct Option {
  std::string_view key;
  Member member;
  std::string_view help;
  int64_t min = 0;  // of integers, and of durations in milliseconds
  int64_t max = 0;
};

constexpr int64_t kMaxTokens = 1 << 20;
constexpr int64_t kDay = 24 * 3600 * 1000;

std::vector<Option> serving_options() {
  return {
      {"host", &ServerConfig::host, "address or name to listen on"},
      {"port", &ServerConfig::port, "port to listen on; 0 is any free one", 0, 65535},
      {"model", &ServerConfig::model,
       "Hugging Face folder, .gguf or .youtu file, or the name of a model to pull "
       "(tencent/Youtu-LLM-2B); the demo model if not given"},
      {"offline", &ServerConfig::offline, "never pull a model that is not here"},
      {"model_name", &ServerConfig::model_name,
       "name told to clients; the model's own if not given"},
      {"model_aliases", &ServerConfig::model_aliases,
       "further names that requests may give as their model"},
      {"max_context_tokens", &ServerConfig::max_context_tokens, "prompt and answer of one request",
       16, kMaxTokens},
      {"threads", &ServerConfig::threads,
       "threads that compute; 0 is as many as the process may use", 0, 1024},
      {"isa", &ServerConfig::isa,
       "instruction set: scalar, avx2, avxvnni, avx512, avx512vnni; the fastest if not given"},
      {"weights", &ServerConfig::weights,
       "how weights are loaded: exact, auto, bf16, q8 or q4, with rules for some (q4,head=q4)"},
      {"load", &ServerConfig::load,
       "weights of a .youtu file: map (used where they lie) or read (copied into memory)"},
      {"pack_cache", &ServerConfig::pack_cache,
       "where packed weights are kept for the next start: auto, off or a folder"},
      {"cache_tokens", &ServerConfig::cache_tokens,
       "size of the cache; 0 is max_batch_size * max_context_tokens", 0, int64_t{1} << 32},
      {"cache_dtype", &ServerConfig::cache_dtype,
       "what the cache holds: f32, bf16, int8; auto leaves it to the model"},
      {"prefix_cache", &ServerConfig::prefix_cache,
       "keep what is computed for prompts that begin alike"},
      {"speculation", &ServerConfig::speculation,
       "guess tokens that stood before and check several in a step, where that is faster"},
      {"prefill_slowdown_percent", &ServerConfig::prefill_slowdown_percent,
       "while others stream, how long a step that reads a prompt may take, in percent of one "
       "without; 0 is no limit",
       0, 10'000},
      {"enable_batching", &ServerConfig::enable_batching, "several requests advance in one step"},
      {"max_batch_size", &ServerConfig::max_batch_size, "most requests that advance in one step", 1,
       256},
      {"batch_timeout", &ServerConfig::batch_timeout,
       "longest an idle engine holds a first request to gather others", 0, 10'000},
      {"max_queued_requests", &ServerConfig::max_queued_requests,
       "requests that may wait; more are refused", 0, 4096},
      {"max_queued_tokens", &ServerConfig::max_queued_tokens,
       "prompt tokens that may wait; more are refused; 0 is no limit besides that of requests", 0,
       int64_t{1} << 32},
      {"max_step_tokens", &ServerConfig::max_step_tokens, "most tokens in one step", 16, 65536},
      {"step_timeout", &ServerConfig::step_timeout,
       "after which a step counts as stuck: /health says so and open requests end; 0 is never", 0,
       kDay},
      {"default_preset", &ServerConfig::default_preset, "preset of requests that name none"},
      {"openai_preset", &ServerConfig::openai_preset,
       "the same for requests to /v1, whose clients know no presets"},
      {"strict_parameters", &ServerConfig::strict_parameters,
       "refuse requests with parameters that are unknown or without effect"},
      {"clean_input", &ServerConfig::clean_input,
       "straighten curly quotes and the ellipsis in prompts"},
      {"request_timeout", &ServerConfig::request_timeout, "longest that one answer may take", 1000,
       kDay},
      {"drain_timeout", &ServerConfig::drain_timeout,
       "longest that closing waits for answers under way", 0, kDay},
  };
}

// Who may come in, and what is written down of it.
std::vector<Option> access_options() {
  return {
      {"max_connections", &ServerConfig::max_connections, "connections at once", 1, 65536},
      {"max_connections_per_address", &ServerConfig::max_connections_per_address,
       "of them, from one address", 1, 65536},
      {"allowed_hosts", &ServerConfig::allowed_hosts,
       "further names that clients may call the server by"},
      {"allowed_origins", &ServerConfig::allowed_origins,
       "other sites whose pages may use the server"},
      {"api_key_file", &ServerConfig::api_key_file,
       "file of keys, one a line as \"name key\"; requests must then show one (YOUTU_API_KEY is a "
       "further one)"},
      {"max_requests_per_key", &ServerConfig::max_requests_per_key, "of one key at once", 1, 65536},
      {"access_log", &ServerConfig::access_log,
       "file with a line of JSON for each request, without what was said; - is the standard error"},
      {"access_log_bytes", &ServerConfig::access_log_bytes, "of that file; then a new one is begun",
       4096, int64_t{1} << 40},
      {"access_log_files", &ServerConfig::access_log_files, "of them that are kept", 1, 1000},
      {"insecure_no_auth", &ServerConfig::insecure_no_auth,
       "listen beyond this machine although no key is asked for"},
  };
}

std::vector<Option> session_options() {
  return {
      {"sessions", &ServerConfig::sessions, "keep conversations (session_id)"},
      {"data_dir", &ServerConfig::data_dir,
       "folder of the sessions, one server at a time; $XDG_STATE_HOME/youtu-serve or "
       "~/.local/state/youtu-serve if not given"},
      {"session_durability", &ServerConfig::session_durability,
       "durable: a turn waits for the disk; fast: a loss of power may take the last turns"},
      {"session_ttl", &ServerConfig::session_ttl,
       "how long after its last turn a session is kept; 0 is for ever", 0, 3650 * kDay},
      {"max_sessions", &ServerConfig::max_sessions, "most sessions at once", 1, 10'000'000},
      {"max_session_bytes", &ServerConfig::max_session_bytes,
       "of the texts of one session; then its oldest turns go", 1024, 4 << 20},
      {"trust_clock", &ServerConfig::trust_clock,
       "let session_ttl count more than a day between two runs"},
  };
}

const std::vector<Option>& options() {
  static const std::vector<Option> all = [] {
    std::vector<Option> joined = serving_options();
    for (const Option& option : access_options()) joined.push_back(option);
    for (const Option& option : session_options()) joined.push_back(option);
    return joined;
  }();
  return all;
}

const Option* find_option(std::string_view key) {
  for (const Option& option : options()) {
    if (option.key == key) return &option;
  }
  return nullptr;
}

std::string did_you_mean(std::string_view key) {
  std::vector<std::string_view> keys;
  for (const Option& option : options()) keys.push_back(option.key);
  const std::string_view nearest = nearest_name(key, keys);
  return nearest.empty() ? "" : fmt::format(" (did you mean {}?)", nearest);
}

std::string duration_text(int64_t ms) {
  if (ms > kDay && ms % kDay == 0) return fmt::format("{}d", ms / kDay);
  return ms != 0 && ms % 1000 == 0 ? fmt::format("{}s", ms / 1000) : fmt::format("{}ms", ms);
}

std::string range_text(const Option& option) {
  if (std::holds_alternative<int64_t ServerConfig::*>(option.member)) {
    return fmt::format("{} to {}", option.min, option.max);
  }
  if (std::holds_alternative<Milliseconds ServerConfig::*>(option.member)) {
    return fmt::format("{} to {}", duration_text(option.min), duration_text(option.max));
  }
  return std::holds_alternative<bool ServerConfig::*>(option.member) ? "true or false" : "";
}

std::optional<int64_t> parse_integer(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "50ms", "1s", "7d", "0". The unit is asked for, because 50 could be either.
std::optional<int64_t> parse_milliseconds(std::string_view text) {
  int64_t scale = 0;
  if (text.ends_with("ms")) {
    text.remove_suffix(2);
    scale = 1;
  } else if (text.ends_with('s')) {
    text.remove_suffix(1);
    scale = 1000;
  } else if (text.ends_with('d')) {
    text.remove_suffix(1);
    scale = kDay;
  }
  const std::optional<int64_t> value = parse_integer(text);
  if (!value || (scale == 0 && *value != 0) || *value > kDay || *value < -kDay) return std::nullopt;
  return *value * scale;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    if (comma > 0) items.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

Status wrong_value(const Option& option, std::string_view value) {
  return Status::invalid_argument(
      fmt::format("{} is \"{}\" ({})", option.key, value.substr(0, 64), range_text(option)),
      std::string(option.key));
}

// Puts a value into its place. What came in quotes stays a string.
struct Assign {
  const Option& option;
  const Setting& setting;
  ServerConfig& config;

  const std::string& text() const { return setting.values.front(); }

  Status operator()(std::string ServerConfig::*member) const {
    config.*member = text();
    return Status::ok();
  }
  Status operator()(std::vector<std::string> ServerConfig::*member) const {
    config.*member = setting.is_list ? setting.values : split_list(text());
    return Status::ok();
  }
  Status operator()(bool ServerConfig::*member) const {
    if (setting.is_quoted || (text() != "true" && text() != "false"))
      return wrong_value(option, text());
    config.*member = text() == "true";
    return Status::ok();
  }
  Status operator()(int64_t ServerConfig::*member) const {
    const std::optional<int64_t> value = parse_integer(text());
    if (setting.is_quoted || !value) return wrong_value(option, text());
    return store(*value, fmt::format("{}", *value), config.*member);
  }
  Status operator()(Milliseconds ServerConfig::*member) const {
    const std::optional<int64_t> value = parse_milliseconds(text());
    if (!value) return wrong_value(option, text());
    int64_t ms = 0;
    RETURN_IF_ERROR(store(*value, text(), ms));
    config.*member = Milliseconds(ms);
    return Status::ok();
  }

 private:
  Status store(int64_t value, const std::string& shown, int64_t& place) const {
    if (value < option.min || value > option.max) {
      return Status::invalid_argument(
          fmt::format("{} is {} ({})", option.key, shown, range_text(option)),
          std::string(option.key));
    }
    place = value;
    return Status::ok();
  }
};

Status assign(const Option& option, const Setting& setting, ServerConfig& config) {
  const bool takes_list =
      std::holds_alternative<std::vector<std::string> ServerConfig::*>(option.member);
  if (setting.is_list && !takes_list) {
    return Status::invalid_argument(fmt::format("{} takes one value, no list", option.key),
                                    std::string(option.key));
  }
  return std::visit(
      [&](auto member) {
        return Assign{option, setting, config}(member);
      },
      option.member);
}

Status assign_text(const Option& option, const std::string& text, ServerConfig& config) {
  Setting setting;
  setting.values = {text};
  return assign(option, setting, config);
}

Status apply_file(const std::string& path, ConfigReport& report) {
  const Result<std::vector<Setting>> settings = read_settings_file(path);
  RETURN_IF_ERROR(settings);
  for (const Setting& setting : *settings) {
    const std::string where = fmt::format("{}:{}: ", path, setting.line);
    const Option* option = find_option(setting.key);
    if (!option) {
      return Status::invalid_argument(fmt::format(
          "{}unknown setting {}{}", where, setting.key.substr(0, 64), did_you_mean(setting.key)));
    }
    if (const Status status = assign(*option, setting, report.config); !status)
      return status.with_prefix(where);
    report.sources[std::string(option->key)] = "file";
  }
  return Status::ok();
}

std::string variable_name(std::string_view key) {
  std::string name = "YOUTU_";
  for (const char c : key)
    name.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  return name;
}

std::string flag_name(std::string_view key) {
  std::string name = "--" + std::string(key);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::string value_text(const ServerConfig& config, const Option& option) {
  struct Text {
    const ServerConfig& values;
    std::string operator()(std::string ServerConfig::*member) const { return values.*member; }
    std::string operator()(int64_t ServerConfig::*member) const {
      return std::to_string(values.*member);
    }
    std::string operator()(bool ServerConfig::*member) const {
      return values.*member ? "true" : "false";
    }
    std::string operator()(Milliseconds ServerConfig::*member) const {
      return duration_text((values.*member).count());
    }
    std::string operator()(std::vector<std::string> ServerConfig::*member) const {
      return fmt::format("{}", fmt::join(values.*member, ","));
    }
  };
  return std::visit(Text{config}, option.member);
}

Status check_preset(std::string_view key, const std::string& name) {
  if (find_sampling_preset(name)) return Status::ok();
  std::string names;
  for (const SamplingPreset& preset : sampling_presets())
    names.append(names.empty() ? "" : ", ").append(preset.name);
  return Status::invalid_argument(fmt::format("{} is \"{}\" ({})", key, name.substr(0, 64), names),
                                  std::string(key));
}

// What is right in itself but not together.
Status check_together(const ServerConfig& config) {
  RETURN_IF_ERROR(check_preset("default_preset", config.default_preset));
  RETURN_IF_ERROR(check_preset("openai_preset", config.openai_preset));
  if (config.load != "map" && config.load != "read") {
    return Status::invalid_argument(
        fmt::format("load is \"{}\" (map or read)", config.load.substr(0, 64)), "load");
  }
  if (config.session_durability != "durable" && config.session_durability != "fast") {
    return Status::invalid_argument(fmt::format("session_durability is \"{}\" (durable or fast)",
                                                config.session_durability.substr(0, 64)),
                                    "session_durability");
  }
  if (config.pack_cache.empty()) {
    return Status::invalid_argument("pack_cache is empty (auto, off or a folder)", "pack_cache");
  }
  constexpr std::string_view kCacheTypes[] = {"auto", "f32", "bf16", "int8"};
  if (std::ranges::find(kCacheTypes, config.cache_dtype) == std::end(kCacheTypes)) {
    return Status::invalid_argument(
        fmt::format("cache_dtype is \"{}\" ({})", config.cache_dtype.substr(0, 32),
                    fmt::join(kCacheTypes, ", ")),
        "cache_dtype");
  }
  if (config.cache_tokens != 0 && config.cache_tokens < config.max_context_tokens) {
    return Status::invalid_argument(
        fmt::format("cache_tokens is {}, less than max_context_tokens, which is {}",
                    config.cache_tokens, config.max_context_tokens),
        "cache_tokens");
  }
  return Status::ok();
}

}  // namespace

std::span<const SettingInfo> server_settings() {
  static const std::vector<SettingInfo> all = [] {
    std::vector<SettingInfo> infos;
    for (const Option& option : options()) {
      SettingInfo info;
      info.key = option.key;
      info.flag = flag_name(option.key);
      info.variable = variable_name(option.key);
      info.help = option.help;
      info.range = range_text(option);
      info.default_value = value_text(ServerConfig{}, option);
      info.is_flag = std::holds_alternative<bool ServerConfig::*>(option.member);
      infos.push_back(std::move(info));
    }
    return infos;
  }();
  return all;
}

Result<ConfigReport> load_server_config(const ConfigInputs& inputs) {
  ConfigReport report;
  for (const Option& option : options()) report.sources[std::string(option.key)] = "default";
  if (!inputs.file.empty()) RETURN_IF_ERROR(apply_file(inputs.file, report));
  for (const Option& option : options()) {
    const std::string key(option.key);
    const std::string variable = variable_name(key);
    if (const auto value = inputs.environment ? inputs.environment(variable) : std::nullopt) {
      const Status status = assign_text(option, *value, report.config);
      if (!status) return status.with_prefix(variable + ": ");
      report.sources[key] = "environment";
    }
    if (const auto flag = inputs.flags.find(key); flag != inputs.flags.end()) {
      const Status status = assign_text(option, flag->second, report.config);
      if (!status) return status.with_prefix(flag_name(key) + ": ");
      report.sources[key] = "flag";
    }
  }
  RETURN_IF_ERROR(check_together(report.config));
  return report;
}

std::string print_config(const ConfigReport& report) {
  std::string text;
  for (const Option& option : options()) {
    const bool is_list =
        std::holds_alternative<std::vector<std::string> ServerConfig::*>(option.member);
    std::string value = value_text(report.config, option);
    if (is_list) {
      value = "[" + value + "]";
    } else if (value.empty()) {
      value = "\"\"";
    }
    text += fmt::format("{}: {}  # {}\n", option.key, value,
                        report.sources.at(std::string(option.key)));
  }
  return text;
}

EngineOptions engine_options(const ServerConfig& config, const std::string& model_path) {
  EngineOptions options;
  options.model_path = model_path;
  options.isa = config.isa;
  options.weights = config.weights;
  options.map_weights = config.load == "map";
  options.pack_cache = config.pack_cache;
  options.num_threads = static_cast<int>(config.threads);
  options.max_context_tokens = config.max_context_tokens;
  options.enable_batching = config.enable_batching;
  options.speculation = config.speculation;
  options.prefill_slowdown_percent = static_cast<int>(config.prefill_slowdown_percent);
  options.max_batch_size = static_cast<int>(config.max_batch_size);
  options.batch_timeout_ms = static_cast<int>(config.batch_timeout.count());
  options.max_step_tokens = static_cast<int>(config.max_step_tokens);
  options.max_queued_requests = static_cast<int>(config.max_queued_requests);
  options.step_timeout_ms = config.step_timeout.count();
  options.max_queued_tokens = config.max_queued_tokens;
  options.cache_tokens = config.cache_tokens;
  options.cache_dtype = config.cache_dtype;
  options.prefix_cache = config.prefix_cache;
  return options;
}

}  // namespace youtu
