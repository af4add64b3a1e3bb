#include "config/server_config.h"

#include "base/check.h"
#include "base/nearest_name.h"
#include "config/option_table.h"
#include "config/settings_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <variant>

namespace youtu {

namespace {

std::string did_you_mean(std::string_view key) {
  std::vector<std::string_view> keys;
  for (const Option& option : options()) keys.push_back(option.key);
  const std::string_view nearest = nearest_name(key, keys);
  return nearest.empty() ? "" : fmt::format(" (did you mean {}?)", nearest);
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
  if (config.load != "auto" && config.load != "map" && config.load != "read") {
    return Status::invalid_argument(
        fmt::format("load is \"{}\" (auto, map or read)", config.load.substr(0, 64)), "load");
  }
  if (config.session_durability != "durable" && config.session_durability != "fast") {
    return Status::invalid_argument(fmt::format("session_durability is \"{}\" (durable or fast)",
                                                config.session_durability.substr(0, 64)),
                                    "session_durability");
  }
  if (config.window_cache != "recompute" && config.window_cache != "rotate") {
    return Status::invalid_argument(fmt::format("window_cache is \"{}\" (recompute or rotate)",
                                                config.window_cache.substr(0, 64)),
                                    "window_cache");
  }
  if (config.window_cache == "rotate" && !config.prefix_cache) {
    return Status::invalid_argument("window_cache is rotate, which needs prefix_cache",
                                    "window_cache");
  }
  if (config.prefill_slowdown_percent > 0 && config.prefill_slowdown_percent < 110) {
    return Status::invalid_argument(
        fmt::format("prefill_slowdown_percent is {} (110 to 10000, or 0)",
                    config.prefill_slowdown_percent),
        "prefill_slowdown_percent");
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
      info.is_live = option.is_live;
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
    text += fmt::format("{}: {}  # {}{}\n", option.key, value,
                        report.sources.at(std::string(option.key)), option.is_live ? ", live" : "");
  }
  return text;
}

EngineOptions engine_options(const ServerConfig& config, const std::string& model_path) {
  EngineOptions options;
  options.model_path = model_path;
  options.isa = config.isa;
  options.weights = config.weights;
  options.precise_layers = static_cast<int>(config.precise_layers);
  options.load = config.load;
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
