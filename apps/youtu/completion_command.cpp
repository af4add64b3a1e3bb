// `youtu completion`: what shells and man need to know of the command line.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "command_line.h"
#include "commands.h"
#include "manual_page.h"
#include "shell_completion.h"

namespace youtu {

namespace {

std::string text_for(const std::string& reader, const CommandDescription& program) {
  if (reader == "bash") return bash_completion(program);
  if (reader == "zsh") return zsh_completion(program);
  if (reader == "fish") return fish_completion(program);
  return manual_page(program, YOUTU_VERSION);
}

}  // namespace

void add_completion_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "completion", "Print a completion script for bash, zsh or fish, or the manual page");
  auto reader = std::make_shared<std::string>();
  command->add_option("for", *reader, "bash, zsh, fish, or man: the page in roff")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish", "man"}));
  command->callback([reader, &app, &exit_code] {
    const std::string text = text_for(*reader, describe_command_line(app));
    const bool good =
        std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
    exit_code = good ? kExitOk : kExitModel;
  });
}

}  // namespace youtu
