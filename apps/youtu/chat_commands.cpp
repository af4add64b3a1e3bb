#include "chat_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

#include "base/nearest_name.h"
#include "sampling_settings.h"
#include "youtu/sampling_params.h"

namespace youtu {

namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxSuggestedFiles = 200;

constexpr std::array<ChatCommand, 11> kCommands = {{
    {"/help", "", "this list"},
    {"/clear", "", "begin a new conversation (so does /reset)"},
    {"/system", "TEXT", "begin a new conversation with this system message; no TEXT: without one"},
    {"/preset", "NAME", "sample by another preset; no NAME: say which there are"},
    {"/set", "NAME VALUE",
     "set a sampling parameter, VALUE default: the preset's; alone: show all"},
    {"/think", "on|off|auto", "let the model think before it answers, or leave it to its template"},
    {"/stats", "on|off", "say after each answer how fast it was; alone: of the last one"},
    {"/save", "FILE", "write the conversation as JSON; /save! replaces a file"},
    {"/load", "FILE", "go on with a conversation from a file"},
    {"/reset", "", "as /clear"},
    {"/exit", "", "end (Ctrl-D and two Ctrl-C do too)"},
}};

std::vector<std::string> files_that_begin(std::string_view typed) {
  std::vector<std::string> found;
  const fs::path path(typed);
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const std::string name = path.filename().string();
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string entry = it->path().filename().string();
    const bool is_hidden = entry.starts_with('.') && !name.starts_with('.');
    if (!entry.starts_with(name) || is_hidden) continue;
    std::error_code ignored;
    found.push_back(std::string(typed.substr(0, typed.size() - name.size())) + entry +
                    (it->is_directory(ignored) ? "/" : ""));
    if (found.size() == kMaxSuggestedFiles) break;
  }
  return found;
}

std::vector<std::string> arguments_of(std::string_view command, std::string_view typed) {
  if (command == "/set") return sampling_setting_names();
  if (command == "/think") return {"on", "off", "auto"};
  if (command == "/stats") return {"on", "off"};
  if (command == "/save" || command == "/save!" || command == "/load") {
    return files_that_begin(typed);
  }
  std::vector<std::string> presets;
  if (command == "/preset") {
    for (const SamplingPreset& preset : sampling_presets()) presets.emplace_back(preset.name);
  }
  return presets;
}

}  // namespace

std::span<const ChatCommand> chat_commands() {
  return kCommands;
}

std::string chat_help() {
  std::string text;
  for (const ChatCommand& command : kCommands) {
    text += fmt::format("{:<19}{}\n", fmt::format("{} {}", command.name, command.argument),
                        command.help);
  }
  return text +
         "Everything else is said to the model; //text says /text. A line that ends in a "
         "backslash\n"
         "goes on in the next, \"\"\" begins and ends several, Alt-Enter breaks a line. Ctrl-C "
         "stops "
         "an\nanswer.\n";
}

std::string no_such_command(std::string_view name) {
  std::vector<std::string_view> names;
  for (const ChatCommand& command : kCommands) names.push_back(command.name);
  const std::string_view nearest = nearest_name(name, names);
  return nearest.empty() ? fmt::format("There is no {}; /help names the commands.", name)
                         : fmt::format("There is no {} (did you mean {}?)", name, nearest);
}

Suggestions suggest_for_chat(std::string_view before_cursor) {
  Suggestions suggestions;
  if (!before_cursor.starts_with('/')) return suggestions;
  const size_t space = before_cursor.find(' ');
  std::vector<std::string> words;
  if (space == before_cursor.npos) {
    for (const ChatCommand& command : kCommands) words.emplace_back(command.name);
  } else {
    suggestions.begin = before_cursor.find_first_not_of(' ', space);
    if (suggestions.begin == before_cursor.npos) suggestions.begin = before_cursor.size();
    words = arguments_of(before_cursor.substr(0, space), before_cursor.substr(suggestions.begin));
  }
  const std::string_view typed = before_cursor.substr(suggestions.begin);
  for (std::string& word : words) {
    if (word.starts_with(typed)) suggestions.words.push_back(std::move(word));
  }
  std::sort(suggestions.words.begin(), suggestions.words.end());
  return suggestions;
}

}  // namespace youtu
