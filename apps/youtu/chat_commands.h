// The commands inside a conversation: which there are, and what may follow what is typed.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "line_editor.h"

namespace youtu {

struct ChatCommand {
  std::string_view name;      // "/set"
  std::string_view argument;  // "NAME VALUE"; empty: none
  std::string_view help;
};

std::span<const ChatCommand> chat_commands();
std::string chat_help();
// "There is no /sve (did you mean /save?)"
std::string no_such_command(std::string_view name);

// For the tab key: commands, names of settings and presets, files.
Suggestions suggest_for_chat(std::string_view before_cursor);

}  // namespace youtu
