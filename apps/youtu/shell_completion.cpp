#include "shell_completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

namespace youtu {

namespace {

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

std::string first_sentence(std::string_view text) {
  const size_t end = text.find_first_of(";\n");
  return std::string(text.substr(0, end));
}

// Inside single quotes of sh and zsh.
std::string sh_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += c;
    }
  }
  return result + "'";
}

// fish knows two escapes in single quotes.
std::string fish_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

// What _arguments would read as its own marks.
std::string zsh_text(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::string words_of(const CommandDescription& command) {
  std::vector<std::string> words;
  for (const CommandDescription& inner : command.commands) words.push_back(inner.path.back());
  for (const OptionDescription& option : command.options) {
    words.insert(words.end(), option.names.begin(), option.names.end());
  }
  return joined(words);
}

std::string fish_condition(const CommandDescription& command) {
  if (command.path.empty()) return "__fish_use_subcommand";
  std::string condition;
  for (const std::string& word : command.path) {
    condition += (condition.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + word);
  }
  return condition;
}

std::string zsh_value(const OptionDescription& option) {
  if (option.argument.empty()) return "";
  return ":" + zsh_text(option.argument) + ":" +
         (option.values.empty() ? "_files" : "(" + joined(option.values) + ")");
}

std::string zsh_arguments(const CommandDescription& command) {
  std::string text;
  for (const OptionDescription& option : command.options) {
    for (const std::string& name : option.names) {
      text +=
          " \\\n        " + sh_quoted(name + "[" + zsh_text(first_sentence(option.description)) +
                                      "]" + zsh_value(option));
    }
  }
  return text;
}

}  // namespace

std::string bash_completion(const CommandDescription& program) {
  std::string words;
  std::string values;
  for (const CommandDescription* command : all_commands(program)) {
    const std::string path = joined(command->path);
    words += fmt::format("    {}) words={} ;;\n", sh_quoted(path), sh_quoted(words_of(*command)));
    for (const OptionDescription& option : command->options) {
      if (option.values.empty()) continue;
      for (const std::string& name : option.names) {
        values += fmt::format("    {}) COMPREPLY=($(compgen -W {} -- \"$current\")); return ;;\n",
                              sh_quoted(path + " " + name), sh_quoted(joined(option.values)));
      }
    }
  }
  std::string paths;
  for (const CommandDescription* command : all_commands(program)) {
    if (!command->path.empty()) paths += " " + sh_quoted(joined(command->path));
  }
  return "# bash completion of youtu: source it, or put it into "
         "~/.local/share/bash-completion/completions/youtu\n"
         "_youtu() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  local path= next word known words=\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    next=${path:+$path }$word\n"
         "    for known in" +
         paths +
         "; do\n"
         "      if [[ $next == \"$known\" ]]; then path=$next; fi\n"
         "    done\n"
         "  done\n"
         "  case \"$path $before\" in\n" +
         values +
         "  esac\n"
         "  case $path in\n" +
         words +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  if [[ -n $path && $current != -* ]]; then\n"
         "    COMPREPLY+=($(compgen -f -- \"$current\"))\n"
         "  fi\n"
         "}\n"
         "complete -o filenames -F _youtu youtu\n";
}

std::string zsh_completion(const CommandDescription& program) {
  std::string cases;
  for (const CommandDescription* command : all_commands(program)) {
    if (command->path.size() != 1) continue;
    std::string inner = "'*:file:_files'";
    if (!command->commands.empty()) {
      std::string names;
      for (const CommandDescription& below : command->commands) names += below.path.back() + " ";
      inner = sh_quoted("1:command:(" + names + ")");
    }
    // Options of the commands below it, too: zsh is told one list.
    std::string arguments = zsh_arguments(*command);
    for (const CommandDescription& below : command->commands) arguments += zsh_arguments(below);
    cases += fmt::format("    {})\n      _arguments{} \\\n        {} ;;\n", command->path.front(),
                         arguments, inner);
  }
  std::string commands;
  for (const CommandDescription& command : program.commands) {
    commands +=
        "    " + sh_quoted(command.path.front() + ":" + zsh_text(command.description)) + "\n";
  }
  return "#compdef youtu\n"
         "# zsh completion of youtu: put it as _youtu into a folder of $fpath\n"
         "_youtu() {\n"
         "  local -a commands=(\n" +
         commands +
         "  )\n"
         "  if (( CURRENT == 2 )); then\n"
         "    _describe command commands\n"
         "    return\n"
         "  fi\n"
         "  shift words\n"
         "  (( CURRENT-- ))\n"
         "  case $words[1] in\n" +
         cases +
         "  esac\n"
         "}\n"
         "if [[ $funcstack[1] == _youtu ]]; then _youtu \"$@\"; else compdef _youtu youtu; fi\n";
}

std::string fish_completion(const CommandDescription& program) {
  std::string text =
      "# fish completion of youtu: put it into ~/.config/fish/completions/youtu.fish\n";
  for (const CommandDescription* command : all_commands(program)) {
    const std::string condition = fish_quoted(fish_condition(*command));
    for (const CommandDescription& inner : command->commands) {
      text += fmt::format("complete -c youtu -f -n {} -a {} -d {}\n", condition, inner.path.back(),
                          fish_quoted(first_sentence(inner.description)));
    }
    for (const OptionDescription& option : command->options) {
      if (option.names.empty()) continue;
      text += "complete -c youtu -n " + condition;
      for (const std::string& name : option.names) {
        text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!option.values.empty()) text += " -x -a " + fish_quoted(joined(option.values));
      if (!option.argument.empty() && option.values.empty()) text += " -r";
      text += " -d " + fish_quoted(first_sentence(option.description)) + "\n";
    }
  }
  return text;
}

}  // namespace youtu
