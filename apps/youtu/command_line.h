// The command line as data, read from CLI11: what the shells' completions and the manual page are
// written from, so that neither can miss an option.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace youtu {

struct OptionDescription {
  std::vector<std::string> names;   // "-m", "--model"; empty: an argument without a name
  std::string argument;             // "TEXT", "FILE"; empty: a flag
  std::vector<std::string> values;  // that it may have, where they are few
  std::string description;
  std::string environment;    // variable; empty: none
  std::string default_value;  // empty: none
};

struct CommandDescription {
  std::vector<std::string> path;  // {"bench", "ops"}; empty: the program
  std::string description;
  std::vector<OptionDescription> options;
  std::string footer;
  std::vector<CommandDescription> commands;
};

CommandDescription describe_command_line(const CLI::App& app);

// The command and all below it, in the order of the help.
std::vector<const CommandDescription*> all_commands(const CommandDescription& root);

}  // namespace youtu
