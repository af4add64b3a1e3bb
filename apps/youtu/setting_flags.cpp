#include "setting_flags.h"

#include <cstdlib>
#include <optional>

namespace youtu {

namespace {

std::optional<std::string> environment(const std::string& variable) {
  const char* value = std::getenv(variable.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

CLI::Option* add_setting(CLI::App& command, const SettingInfo& setting, std::string& value) {
  std::string help = setting.help;
  if (!setting.range.empty() && !setting.is_flag) help += "; " + setting.range;
  if (!setting.default_value.empty()) help += " (default " + setting.default_value + ")";
  const std::string name = setting.key == "model" ? "-m," + setting.flag + ",model" : setting.flag;
  return setting.is_flag ? command.add_flag(name, value, help)
                         : command.add_option(name, value, help);
}

}  // namespace

void add_setting_flags(CLI::App& command, SettingFlags& flags) {
  command.add_option("-c,--config", flags.config_file, "YAML file of settings; flags win over it")
      ->envname("YOUTU_CONFIG");
  flags.values.resize(server_settings().size());
  for (size_t i = 0; i < server_settings().size(); ++i) {
    flags.options.push_back(add_setting(command, server_settings()[i], flags.values[i]));
  }
  command.footer(
      "Every setting is also a key of the file (--max-batch-size: max_batch_size) and an "
      "environment\n"
      "variable (YOUTU_MAX_BATCH_SIZE).");
}

Result<ConfigReport> read_settings(const SettingFlags& flags) {
  ConfigInputs inputs;
  inputs.file = flags.config_file;
  inputs.environment = environment;
  for (size_t i = 0; i < flags.options.size(); ++i) {
    if (flags.options[i]->count() > 0) inputs.flags[server_settings()[i].key] = flags.values[i];
  }
  return load_server_config(inputs);
}

}  // namespace youtu
