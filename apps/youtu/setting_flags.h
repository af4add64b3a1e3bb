// The settings of the server on the command line: one flag for each row of their table, and the
// file that they win over.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "config/server_config.h"

namespace youtu {

struct SettingFlags {
  std::string config_file;
  std::vector<std::string> values;  // as given, in the order of server_settings()
  std::vector<CLI::Option*> options;
};

// REQUIRES: `flags` outlives the parsing of `command`.
void add_setting_flags(CLI::App& command, SettingFlags& flags);

// The settings in force: flags, environment, file, defaults.
Result<ConfigReport> read_settings(const SettingFlags& flags);

}  // namespace youtu
