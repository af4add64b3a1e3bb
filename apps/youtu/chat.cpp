// `youtu chat`: a conversation in the terminal. Answers go to stdout as they come, everything else
// to stderr, so that lines from a pipe work as well as a person at a terminal.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "commands.h"
#include "completion.h"
#include "engine_flags.h"
#include "report_error.h"
#include "sampling_flags.h"
#include "terminal.h"

namespace youtu {
namespace {

struct ChatFlags {
  EngineFlags engine;
  SamplingFlags sampling;
  std::optional<std::string> system;
};

constexpr std::string_view kHelp =
    "/help           this list\n"
    "/reset          begin a new conversation\n"
    "/preset NAME    sample by another preset (no NAME: say which there are)\n"
    "/system TEXT    begin a new conversation with this system message (no TEXT: without one)\n"
    "/exit           end (Ctrl-D does too); Ctrl-C stops an answer\n"
    "Everything else is said to the model; //text says /text.\n";

void say(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

// The messages so far and how the next answer is sampled.
class Conversation {
 public:
  Conversation(Engine& engine, ChatFlags flags, SamplingParams sampling, InterruptWatch& interrupt)
      : engine_(engine),
        flags_(std::move(flags)),
        sampling_(std::move(sampling)),
        interrupt_(interrupt) {
    reset();
  }

  // Answers `text` on stdout. An error leaves the conversation as it was before.
  Status answer(std::string text) {
    if (!is_utf8(text)) return Status::invalid_argument("the line is not UTF-8", "prompt");
    messages_.push_back({.role = "user", .content = std::move(text)});
    Result<Completion> completion = complete();
    if (!completion) {
      messages_.pop_back();
      return completion.status();
    }
    std::putchar('\n');
    std::fflush(stdout);
    if (completion->finish_reason == FinishReason::kLength) {
      say("(the answer reached max_new_tokens or the context length)\n");
    } else if (completion->finish_reason == FinishReason::kCancelled) {
      say("(stopped)\n");
    }
    messages_.push_back({.role = "assistant", .content = std::move(completion->text)});
    return Status::ok();
  }

  // Runs a line that begins with '/'. False: the conversation is over.
  bool run_command(std::string_view line) {
    const size_t space = line.find(' ');
    const std::string_view name = line.substr(0, space);
    std::string_view argument = space == line.npos ? "" : line.substr(space + 1);
    argument.remove_prefix(std::min(argument.find_first_not_of(' '), argument.size()));
    if (name == "/exit" || name == "/quit") return false;
    if (name == "/help") {
      say(kHelp);
    } else if (name == "/reset") {
      reset();
      say("A new conversation.\n");
    } else if (name == "/preset") {
      set_preset(argument);
    } else if (name == "/system") {
      flags_.system = argument.empty() ? std::nullopt : std::optional(std::string(argument));
      reset();
      say("A new conversation.\n");
    } else {
      say("There is no " + std::string(name) + "; /help names the commands.\n");
    }
    return true;
  }

 private:
  void reset() {
    messages_.clear();
    if (flags_.system) messages_.push_back({.role = "system", .content = *flags_.system});
  }

  void set_preset(std::string_view name) {
    SamplingFlags changed = flags_.sampling;
    if (!name.empty()) changed.preset = name;
    Result<SamplingParams> sampling = sampling_params(changed);
    if (!sampling) {
      say(sampling.status().message() + "\n");
      return;
    }
    flags_.sampling = std::move(changed);
    sampling_ = *std::move(sampling);
    say("Preset " + flags_.sampling.preset + " (of " + preset_names() + ").\n");
  }

  Result<Completion> complete() {
    Result<std::vector<TokenId>> tokens = engine_.tokenizer().encode_chat(
        messages_, {.enable_thinking = flags_.engine.enable_thinking});
    if (!tokens) return tokens.status();
    interrupt_.clear();
    const auto print = [](std::string_view text) {
      std::fwrite(text.data(), 1, text.size(), stdout);
      std::fflush(stdout);
    };
    return run_request(engine_, {.prompt_tokens = std::move(*tokens), .sampling = sampling_}, print,
                       [this] { return interrupt_.is_set(); });
  }

  Engine& engine_;
  ChatFlags flags_;
  SamplingParams sampling_;
  InterruptWatch& interrupt_;
  std::vector<ChatMessage> messages_;
};

void greet(const ModelInfo& model) {
  say(model.name + ", " + model.weight_types + ", " + model.isa + ", " +
      std::to_string(model.num_threads) + " threads, context " +
      std::to_string(model.context_length) + " tokens. /help names the commands.\n");
}

// A message that a person typed wrong is told and forgotten; in a pipe it ends the program, so that
// a script sees it.
Status converse(Conversation& conversation, LineReader& reader) {
  std::string line;
  for (;;) {
    const LineReader::Event event = reader.read("> ", line);
    if (event == LineReader::Event::kEnd) {
      if (reader.is_terminal()) say("\n");
      return Status::ok();
    }
    if (event == LineReader::Event::kInterrupted) {
      say("\n(/exit or Ctrl-D ends the conversation)\n");
      continue;
    }
    if (line.empty()) continue;
    if (line.starts_with('/') && !line.starts_with("//")) {
      if (!conversation.run_command(line)) return Status::ok();
      continue;
    }
    if (line.starts_with("//")) line.erase(0, 1);
    const Status status = conversation.answer(line);
    if (status.is_ok()) continue;
    if (!reader.is_terminal()) return status;
    say("error: " + status.message() + "\n");
    if (status.reason() == "context_length_exceeded") say("/reset begins a new conversation.\n");
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
  LineReader reader;
  // Lines from a pipe: Ctrl-C is meant for the whole of it.
  InterruptWatch interrupt(reader.is_terminal());
  if (reader.is_terminal()) greet((*engine)->model_info());
  Conversation conversation(**engine, flags, *sampling, interrupt);
  return converse(conversation, reader);
}

}  // namespace

void add_chat_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("chat", "A conversation in the terminal");
  auto flags = std::make_shared<ChatFlags>();
  command->add_option("--system", flags->system, "The system message");
  add_engine_flags(*command, flags->engine, "-m,--model,model");
  add_sampling_flags(*command, flags->sampling);
  command->footer(std::string("In the conversation:\n") + std::string(kHelp));
  command->callback([flags, &exit_code] {
    const Status status = chat(*flags);
    exit_code = status.is_ok() ? kExitOk : report_error(status);
  });
}

}  // namespace youtu
