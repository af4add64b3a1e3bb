#include "dialogue.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "base/utf8.h"
#include "server/reasoning_splitter.h"
#include "server/thinking.h"

namespace youtu {

namespace {

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

// Takes an answer apart while it comes, and shows it.
class AnswerPrinter {
 public:
  explicit AnswerPrinter(bool starts_thinking)
      : splitter_(starts_thinking), shows_thoughts_(::isatty(STDOUT_FILENO) != 0) {}

  void take(std::string_view text) { show(splitter_.push(text)); }
  void finish() { show(splitter_.finish()); }
  std::string spoken() { return std::move(spoken_); }

 private:
  void show(const ReasoningSplitter::Parts& parts) {
    if (shows_thoughts_ && !parts.reasoning.empty()) {
      print(styled(Style::kDim, parts.reasoning, STDOUT_FILENO));
      has_thought_ = true;
    }
    if (parts.response.empty()) return;
    if (has_thought_ && spoken_.empty()) print("\n\n");
    print(parts.response);
    spoken_ += parts.response;
  }

  ReasoningSplitter splitter_;
  const bool shows_thoughts_;
  bool has_thought_ = false;
  std::string spoken_;
};

}  // namespace

Dialogue::Dialogue(Engine& engine, ConversationSettings settings, InterruptWatch& interrupt)
    : engine_(engine), settings_(std::move(settings)), interrupt_(interrupt) {}

void Dialogue::begin(const std::optional<std::string>& system) {
  messages_.clear();
  if (system) messages_.push_back({.role = "system", .content = *system});
}

std::optional<std::string> Dialogue::system() const {
  if (messages_.empty() || messages_.front().role != "system") return std::nullopt;
  return messages_.front().content;
}

Status Dialogue::answer(std::string text) {
  if (!is_utf8(text)) return Status::invalid_argument("the line is not UTF-8", "prompt");
  messages_.push_back({.role = "user", .content = std::move(text)});
  std::string spoken;
  Result<Completion> completion = complete(spoken);
  if (!completion) {
    messages_.pop_back();
    return completion.status();
  }
  print("\n");
  if (completion->finish_reason == FinishReason::kLength) {
    std::fputs("(the answer reached max_new_tokens or the context length)\n", stderr);
  } else if (completion->finish_reason == FinishReason::kCancelled) {
    std::fputs("(stopped)\n", stderr);
  }
  messages_.push_back({.role = "assistant", .content = std::move(spoken)});
  last_ = *std::move(completion);
  return Status::ok();
}

Result<Completion> Dialogue::complete(std::string& spoken) {
  Result<SamplingParams> sampling = sampling_params(settings_.sampling);
  if (!sampling) return sampling.status();
  const Tokenizer& tokenizer = engine_.tokenizer();
  ChatOptions options = {.enable_thinking = settings_.enable_thinking};
  if (!may_think(*sampling)) options.enable_thinking = false;
  Result<std::vector<TokenId>> tokens = tokenizer.encode_chat(messages_, options);
  if (!tokens) return tokens.status();
  interrupt_.clear();
  GenerationRequest request{.prompt_tokens = std::move(*tokens), .sampling = *std::move(sampling)};
  request.thought = thought_rules(tokenizer, request.prompt_tokens);
  request.skip_control_tokens =
      !(options.enable_thinking.value_or(true) && thinking_tags_are_control(tokenizer));
  AnswerPrinter printer(request.thought->is_open);
  Result<Completion> completion = run_request(
      engine_, std::move(request), [&](std::string_view text) { printer.take(text); },
      [this] { return interrupt_.is_set(); });
  interrupt_.clear();  // it was meant for the answer
  if (completion) printer.finish();
  spoken = printer.spoken();
  return completion;
}

std::string speed_text(const Completion& completion) {
  const RequestTimings& timings = completion.timings;
  const int64_t tokens = completion.usage.completion_tokens;
  std::string text = fmt::format("{} token{}", tokens, tokens == 1 ? "" : "s");
  if (tokens > 1 && timings.decode_seconds > 0) {
    text +=
        fmt::format(", {:.1f} a second", static_cast<double>(tokens - 1) / timings.decode_seconds);
  }
  text +=
      fmt::format("; the first after {:.2f} s; prompt {} tokens",
                  timings.queue_seconds + timings.prefill_seconds, completion.usage.prompt_tokens);
  if (timings.prefill_tokens > 0 && timings.prefill_seconds > 0) {
    text += fmt::format(", {:.0f} a second",
                        static_cast<double>(timings.prefill_tokens) / timings.prefill_seconds);
  }
  if (completion.usage.prompt_tokens > timings.prefill_tokens) {
    text +=
        fmt::format(", {} of them cached", completion.usage.prompt_tokens - timings.prefill_tokens);
  }
  return text;
}

}  // namespace youtu
