#include "command_line.h"

namespace youtu {

namespace {

// "TEXT:{map,read}" as CLI11 has it: what the value is called, and which there may be.
void read_type(const std::string& type, OptionDescription& option) {
  option.argument = type.substr(0, type.find(':'));
  const size_t begin = type.find('{');
  const size_t end = type.find('}');
  if (begin == type.npos || end == type.npos || end < begin) return;
  std::string value;
  for (const char c : type.substr(begin + 1, end - begin - 1) + ",") {
    if (c != ',') {
      value += c;
    } else if (!value.empty()) {
      option.values.push_back(std::move(value));
      value.clear();
    }
  }
}

OptionDescription describe(const CLI::Option& from) {
  OptionDescription option;
  for (const std::string& name : from.get_snames()) option.names.push_back("-" + name);
  for (const std::string& name : from.get_lnames()) option.names.push_back("--" + name);
  if (from.get_items_expected_max() > 0) read_type(from.get_type_name(), option);
  option.description = from.get_description();
  option.environment = from.get_envname();
  option.default_value = from.get_default_str();
  return option;
}

CommandDescription describe(const CLI::App& app, std::vector<std::string> path) {
  CommandDescription command{.path = std::move(path),
                             .description = app.get_description(),
                             .options = {},
                             .footer = app.get_footer(),
                             .commands = {}};
  for (const CLI::Option* option : app.get_options({}))
    command.options.push_back(describe(*option));
  for (const CLI::App* inner : app.get_subcommands({})) {
    std::vector<std::string> inner_path = command.path;
    inner_path.push_back(inner->get_name());
    command.commands.push_back(describe(*inner, std::move(inner_path)));
  }
  return command;
}

void collect(const CommandDescription& command, std::vector<const CommandDescription*>& all) {
  all.push_back(&command);
  for (const CommandDescription& inner : command.commands) collect(inner, all);
}

}  // namespace

CommandDescription describe_command_line(const CLI::App& app) {
  return describe(app, {});
}

std::vector<const CommandDescription*> all_commands(const CommandDescription& root) {
  std::vector<const CommandDescription*> all;
  collect(root, all);
  return all;
}

}  // namespace youtu
