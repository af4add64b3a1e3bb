// `youtu generate`: one completion, for scripts. The text goes to stdout as it comes, everything
// else to stderr.
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/utf8.h"
#include "commands.h"
#include "completion.h"
#include "engine_flags.h"
#include "report_error.h"
#include "sampling_flags.h"
#include "server/thinking.h"

namespace youtu {
namespace {

// More than any context holds; a wrong file on stdin should end with a message, not with the
// memory.
constexpr size_t kMaxPromptBytes = size_t{16} << 20;

struct GenerateFlags {
  EngineFlags engine;
  SamplingFlags sampling;
  std::optional<std::string> prompt;
  std::optional<std::string> system;
  bool raw = false;
  bool json = false;
};

Result<std::string> read_standard_input() {
  std::string text;
  char buffer[1 << 16];
  while (size_t size = std::fread(buffer, 1, sizeof(buffer), stdin)) {
    text.append(buffer, size);
    if (text.size() > kMaxPromptBytes) {
      return Status::invalid_argument("the prompt on stdin is longer than 16 MiB", "prompt");
    }
  }
  // The line's end that a shell adds is not part of the prompt.
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

Result<std::vector<TokenId>> encode(const Tokenizer& tokenizer, const GenerateFlags& flags,
                                    const SamplingParams& sampling, const std::string& prompt) {
  if (flags.raw) return tokenizer.encode_prompt(prompt);
  if (!tokenizer.has_chat_template()) {
    return Status::failed_precondition(
        "the model has no chat template; --raw continues the prompt as it is");
  }
  std::vector<ChatMessage> messages;
  if (flags.system) messages.push_back({.role = "system", .content = *flags.system});
  messages.push_back({.role = "user", .content = prompt});
  ChatOptions options = {.enable_thinking = flags.engine.enable_thinking};
  if (!may_think(sampling)) options.enable_thinking = false;
  return tokenizer.encode_chat(messages, options);
}

void print_json(const Completion& completion, const ModelInfo& model) {
  const Json json = {
      {"model", model.name},
      {"text", completion.text},
      {"finish_reason", to_string(completion.finish_reason)},
      {"usage",
       {{"prompt_tokens", completion.usage.prompt_tokens},
        {"completion_tokens", completion.usage.completion_tokens},
        {"reasoning_tokens", completion.usage.reasoning_tokens}}},
  };
  std::puts(dump_json(json).c_str());
}

Status generate(const GenerateFlags& flags) {
  // What can be wrong without a model is said before one is loaded.
  Result<SamplingParams> sampling = sampling_params(flags.sampling);
  if (!sampling) return sampling.status();
  if (flags.raw && flags.system) {
    return Status::invalid_argument("--raw has no system message", "system");
  }
  Result<std::string> prompt =
      flags.prompt ? Result<std::string>(*flags.prompt) : read_standard_input();
  if (!prompt) return prompt.status();
  if (!is_utf8(*prompt)) return Status::invalid_argument("the prompt is not UTF-8", "prompt");

  Result<std::unique_ptr<Engine>> engine = create_engine(flags.engine);
  if (!engine) return engine.status();
  Result<std::vector<TokenId>> tokens = encode((*engine)->tokenizer(), flags, *sampling, *prompt);
  if (!tokens) return tokens.status();

  GenerationRequest request{.prompt_tokens = std::move(*tokens), .sampling = *sampling};
  request.thought = thought_rules((*engine)->tokenizer(), request.prompt_tokens);
  const auto print = [&](std::string_view text) {
    if (flags.json) return;
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  };
  Result<Completion> completion =
      run_request(**engine, std::move(request), print, [] { return false; });
  if (!completion) return completion.status();
  if (flags.json) {
    print_json(*completion, (*engine)->model_info());
  } else {
    std::putchar('\n');
  }
  return Status::ok();
}

}  // namespace

void add_generate_command(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("generate", "One completion, for scripts");
  auto flags = std::make_shared<GenerateFlags>();
  command->add_option("-p,--prompt", flags->prompt, "What to answer; default: all of stdin");
  command->add_option("--system", flags->system, "The system message");
  command->add_flag("--raw", flags->raw, "Continue the prompt as it is, without the chat template");
  command->add_flag("--json", flags->json, "Print one JSON object at the end instead of the text");
  add_engine_flags(*command, flags->engine);
  add_sampling_flags(*command, flags->sampling);
  command->callback([flags, &exit_code] {
    const Status status = generate(*flags);
    exit_code = status.is_ok() ? kExitOk : report_error(status);
  });
}

}  // namespace youtu
