// `youtu chat`: a conversation in the terminal. Answers go to stdout as they come, everything else
// to stderr, so that lines from a pipe work as well as a person at a terminal.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chat_commands.h"
#include "commands.h"
#include "dialogue.h"
#include "engine_flags.h"
#include "line_reader.h"
#include "report_error.h"
#include "sampling_flags.h"
#include "sampling_settings.h"
#include "saved_conversation.h"
#include "terminal.h"

namespace youtu {
namespace {

struct ChatFlags {
  EngineFlags engine;
  SamplingFlags sampling;
  std::optional<std::string> system;
  bool keeps_history = true;
};

void say(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}
void say_line(std::string_view text) {
  say(std::string(text) + "\n");
}

// "~/a" as shells read it.
std::string expanded(std::string_view path) {
  const char* home = std::getenv("HOME");
  return path.starts_with("~/") && home ? home + std::string(path.substr(1)) : std::string(path);
}

// What the commands of a conversation do. What is wrong in one is told and forgotten.
class ChatCommands {
 public:
  explicit ChatCommands(Dialogue& conversation) : conversation_(conversation) {}

  // Runs a line that begins with '/'. False: the conversation is over.
  bool run(std::string_view line) {
    const size_t space = line.find_first_of(" \n");
    const std::string_view name = line.substr(0, space);
    std::string_view argument = space == line.npos ? "" : line.substr(space + 1);
    argument.remove_prefix(std::min(argument.find_first_not_of(' '), argument.size()));
    while (argument.ends_with(' ')) argument.remove_suffix(1);
    if (name == "/exit" || name == "/quit") return false;
    if (const Status status = run(name, argument); !status) say_line(status.message());
    return true;
  }

  bool tells_speed() const { return tells_speed_; }

 private:
  Status run(std::string_view name, std::string_view argument) {
    if (name == "/help") {
      say(chat_help());
    } else if (name == "/clear" || name == "/reset") {
      conversation_.begin(conversation_.system());
      say_line("A new conversation.");
    } else if (name == "/system") {
      conversation_.begin(argument.empty() ? std::nullopt : std::optional(std::string(argument)));
      say_line("A new conversation.");
    } else if (name == "/preset") {
      return set_preset(argument);
    } else if (name == "/set") {
      return set(argument);
    } else if (name == "/think") {
      return set_thinking(argument);
    } else if (name == "/stats") {
      return set_stats(argument);
    } else if (name == "/save" || name == "/save!") {
      return save(argument, name == "/save!");
    } else if (name == "/load") {
      return load(argument);
    } else {
      say_line(no_such_command(name));
    }
    return Status::ok();
  }

  Status set_preset(std::string_view name) {
    SamplingFlags& flags = conversation_.settings().sampling;
    SamplingFlags changed = flags;
    if (!name.empty()) changed.preset = name;
    if (const auto sampling = sampling_params(changed); !sampling) return sampling.status();
    flags = std::move(changed);
    say_line("Preset " + flags.preset + " (of " + preset_names() + ").");
    return Status::ok();
  }

  Status set(std::string_view argument) {
    SamplingFlags& flags = conversation_.settings().sampling;
    const size_t space = argument.find(' ');
    const std::string_view name = argument.substr(0, space);
    if (space != argument.npos) {
      std::string_view value = argument.substr(space + 1);
      value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
      if (const Status status = set_sampling(flags, name, value); !status) return status;
    }
    const Result<SamplingParams> params = sampling_params(flags);
    if (!params) return params.status();
    const std::vector<std::string>& names = sampling_setting_names();
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
      return set_sampling(flags, name, "");  // says which name may be meant
    }
    for (const std::string& known : names) {
      if (name.empty() || name == known) say_line(known + " " + sampling_value(*params, known));
    }
    return Status::ok();
  }

  Status set_thinking(std::string_view argument) {
    std::optional<bool>& setting = conversation_.settings().enable_thinking;
    if (argument == "on" || argument == "off") {
      setting = argument == "on";
    } else if (argument == "auto") {
      setting.reset();
    } else if (!argument.empty()) {
      return Status::invalid_argument("/think on, off or auto");
    }
    say_line(!setting   ? "The model's template decides whether it thinks first."
             : *setting ? "The model thinks first, where its template knows how."
                        : "The model answers at once, where its template knows how.");
    return Status::ok();
  }

  Status set_stats(std::string_view argument) {
    if (argument == "on" || argument == "off") {
      tells_speed_ = argument == "on";
    } else if (!argument.empty()) {
      return Status::invalid_argument("/stats on or off");
    }
    if (argument != "off") {
      const std::optional<Completion>& last = conversation_.last();
      say_line(last ? speed_text(*last) : "There is no answer yet.");
    }
    return Status::ok();
  }

  Status save(std::string_view file, bool replaces) {
    if (file.empty()) return Status::invalid_argument("/save FILE");
    const std::string path = expanded(file);
    const Status status = save_conversation(
        {conversation_.messages(), conversation_.settings().sampling}, path, replaces);
    if (status) say_line("Saved " + path + ".");
    return status;
  }

  Status load(std::string_view file) {
    if (file.empty()) return Status::invalid_argument("/load FILE");
    Result<SavedConversation> saved = load_conversation(expanded(file));
    if (!saved) return saved.status();
    say_line(
        fmt::format("{} messages, preset {}.", saved->messages.size(), saved->sampling.preset));
    conversation_.go_on(std::move(saved->messages));
    conversation_.settings().sampling = std::move(saved->sampling);
    return Status::ok();
  }

  Dialogue& conversation_;
  bool tells_speed_ = false;
};

void greet(const ModelInfo& model) {
  say(model.name + ", " + model.weight_types + ", " + model.isa + ", " +
      std::to_string(model.num_threads) + " threads, context " +
      std::to_string(model.context_length) + " tokens. /help names the commands.\n");
}

// One thing said to the model. At a terminal an error is told and forgotten; in a pipe it ends the
// program, so that a script sees it.
Status say_to_model(Dialogue& conversation, std::string text, const LineReader& reader,
                    bool tells_speed) {
  const Status status = conversation.answer(std::move(text));
  if (status) {
    if (tells_speed) {
      say_line(styled(Style::kDim, speed_text(*conversation.last()), STDERR_FILENO));
    }
    return status;
  }
  if (!reader.is_terminal()) return status;
  say_line("error: " + status.message());
  if (status.reason() == "context_length_exceeded") say_line("/clear begins a new conversation.");
  return Status::ok();
}

Status converse(Dialogue& conversation, LineReader& reader) {
  ChatCommands commands(conversation);
  std::string text;
  for (bool was_interrupted = false;;) {
    const LineReader::Event event = reader.read(text);
    if (event == LineReader::Event::kEnd) {
      if (reader.is_terminal()) say("\n");
      return Status::ok();
    }
    if (event == LineReader::Event::kInterrupted) {
      say("\n");
      if (was_interrupted) return Status::ok();
      was_interrupted = true;
      say_line("(Ctrl-C again, /exit or Ctrl-D ends the conversation)");
      continue;
    }
    was_interrupted = false;
    if (text.empty()) continue;
    if (text.starts_with('/') && !text.starts_with("//")) {
      if (!commands.run(text)) return Status::ok();
      continue;
    }
    if (text.starts_with("//")) text.erase(0, 1);
    const Status status = say_to_model(conversation, text, reader, commands.tells_speed());
    if (!status) return status;
  }
}

Status chat(const ChatFlags& flags) {
  Result<SamplingParams> sampling = sampling_params(flags.sampling);
  if (!sampling) return sampling.status();
  Result<std::unique_ptr<Engine>> engine = create_engine(flags.engine);
  if (!engine) return engine.status();
  if (!(*engine)->tokenizer().has_chat_template()) {
    return Status::failed_precondition(
        "the model has no chat template (youtu generate --raw continues a text)");
  }
  LineReader reader(suggest_for_chat,
                    InputHistory(flags.keeps_history ? usual_history_path() : ""));
  // Lines from a pipe: Ctrl-C is meant for the whole of it.
  InterruptWatch interrupt(reader.is_terminal());
  if (reader.is_terminal()) greet((*engine)->model_info());
  Dialogue conversation(**engine, {flags.sampling, flags.engine.enable_thinking}, interrupt);
  conversation.begin(flags.system);
  return converse(conversation, reader);
}

}  // namespace

void add_chat_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("chat", "A conversation in the terminal");
  auto flags = std::make_shared<ChatFlags>();
  command->add_option("--system", flags->system, "The system message");
  command->add_flag("--history,!--no-history", flags->keeps_history,
                    "Keep what is typed for the arrow keys of the next time; default: on");
  add_engine_flags(*command, flags->engine, "-m,--model,model");
  add_sampling_flags(*command, flags->sampling);
  command->footer("In the conversation:\n" + chat_help());
  command->callback([flags, &exit_code] {
    const Status status = chat(*flags);
    exit_code = status.is_ok() ? kExitOk : report_error(status);
  });
}

}  // namespace youtu
