// The ranges of every sampling parameter, and the presets.
#include "youtu/sampling_params.h"

#include "base/check.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <variant>

namespace youtu {
namespace {

using P = SamplingParams;

// The usual values are those that the tuning guide speaks of.
constexpr std::array<SamplingRange, 11> kRanges = {{
    {"temperature", &P::temperature, 0, 100, 0, 2, 0.05},
    {"top_k", &P::top_k, -1, 2147483647, 0, 200, 1, false, "1 to 2147483647, or 0 or -1 for off"},
    {"top_p", &P::top_p, 0, 1, 0.05, 1, 0.01, true, "above 0, to 1"},
    {"min_p", &P::min_p, 0, 1, 0, 0.5, 0.01},
    {"repetition_penalty", &P::repetition_penalty, 0.01, 10, 1, 2, 0.05},
    {"presence_penalty", &P::presence_penalty, -2, 2, -2, 2, 0.1},
    {"frequency_penalty", &P::frequency_penalty, -2, 2, -2, 2, 0.1},
    {"no_repeat_ngram_size", &P::no_repeat_ngram_size, 0, 64, 0, 8, 1},
    {"max_new_tokens", &P::max_new_tokens, 1, 1048576, 16, 2048, 16},
    {"min_new_tokens", &P::min_new_tokens, 0, 1048576, 0, 512, 8},  // and at most max_new_tokens
    {"thinking_token_budget", &P::thinking_token_budget, -1, 1048576, -1, 2048, 1, false,
     "0 to 1048576, or -1 for none"},
}};

// Written so that NaN, for which every comparison is false, is out of every range.
bool is_within(double value, double low, double high) {
  return value >= low && value <= high;
}

Status check_integer(std::string_view name, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return Status::ok();
  return Status::invalid_argument(fmt::format("{} is {} ({} to {})", name, value, low, high),
                                  std::string(name), "out_of_range");
}

Status check_range(const SamplingRange& range, const SamplingParams& params) {
  return std::visit(
      [&](auto member) {
        const auto value = params.*member;
        const auto real = static_cast<double>(value);
        const bool is_at_minimum = range.above_minimum && real == range.minimum;
        if (is_within(real, range.minimum, range.maximum) && !is_at_minimum) return Status::ok();
        const std::string allowed = range.in_words.empty()
                                        ? fmt::format("{} to {}", range.minimum, range.maximum)
                                        : std::string(range.in_words);
        return Status::invalid_argument(fmt::format("{} is {} ({})", range.name, value, allowed),
                                        std::string(range.name), "out_of_range");
      },
      range.member);
}

Status check_stop(const std::vector<std::string>& stop) {
  if (stop.size() > kMaxStopStrings) {
    return Status::invalid_argument(
        fmt::format("stop has {} strings (at most {})", stop.size(), kMaxStopStrings), "stop",
        "out_of_range");
  }
  for (const std::string& text : stop) {
    if (!text.empty() && text.size() <= kMaxStopStringBytes) continue;
    return Status::invalid_argument(
        fmt::format("stop has a string of {} bytes (1 to {})", text.size(), kMaxStopStringBytes),
        "stop", "out_of_range");
  }
  return Status::ok();
}

Status check_stop_token_ids(const std::vector<TokenId>& tokens) {
  if (tokens.size() <= kMaxStopTokenIds) return Status::ok();
  return Status::invalid_argument(
      fmt::format("stop_token_ids has {} tokens (at most {})", tokens.size(), kMaxStopTokenIds),
      "stop_token_ids", "out_of_range");
}

Status check_logit_bias(const std::vector<LogitBias>& biases) {
  if (biases.size() > kMaxLogitBiases) {
    return Status::invalid_argument(
        fmt::format("logit_bias has {} tokens (at most {})", biases.size(), kMaxLogitBiases),
        "logit_bias", "out_of_range");
  }
  for (const LogitBias& one : biases) {
    if (is_within(one.bias, -kMaxLogitBias, kMaxLogitBias)) continue;
    return Status::invalid_argument(fmt::format("logit_bias of token {} is {} ({} to {})",
                                                one.token, one.bias, -kMaxLogitBias, kMaxLogitBias),
                                    "logit_bias", "out_of_range");
  }
  return Status::ok();
}

// An explanation is a few kB of JSON.
Status check_explain_tokens(const SamplingParams& params) {
  RETURN_IF_ERROR(
      check_integer("explain_tokens", params.explain_tokens, 0, int64_t{kMaxExplainedCandidates}));
  if (params.explain_tokens == 0 || params.max_new_tokens <= kMaxExplainedTokens) {
    return Status::ok();
  }
  return Status::invalid_argument(
      fmt::format("max_new_tokens is {} (1 to {} beside explain_tokens)", params.max_new_tokens,
                  kMaxExplainedTokens),
      "max_new_tokens", "out_of_range");
}

// A preset must leave room for a prompt in the default context of 2048 tokens.
SamplingParams make_params(double temperature, int64_t top_k, double top_p, int64_t max_new_tokens,
                           double repetition_penalty) {
  SamplingParams params;
  params.temperature = temperature;
  params.top_k = top_k;
  params.top_p = top_p;
  params.max_new_tokens = max_new_tokens;
  params.repetition_penalty = repetition_penalty;
  params.loop_guard = LoopGuard::kStop;
  return params;
}

}  // namespace

Status validate(const SamplingParams& params) {
  for (const SamplingRange& range : kRanges) RETURN_IF_ERROR(check_range(range, params));
  RETURN_IF_ERROR(check_integer("min_new_tokens", params.min_new_tokens, 0, params.max_new_tokens));
  RETURN_IF_ERROR(
      check_integer("top_logprobs", params.top_logprobs.value_or(0), 0, int64_t{kMaxTopLogprobs}));
  RETURN_IF_ERROR(check_explain_tokens(params));
  RETURN_IF_ERROR(check_stop_token_ids(params.stop_token_ids));
  RETURN_IF_ERROR(check_logit_bias(params.logit_bias));
  return check_stop(params.stop);
}

std::span<const SamplingRange> sampling_ranges() {
  return kRanges;
}

std::span<const SamplingPreset> sampling_presets() {
  static const std::array<SamplingPreset, 5> presets = {{
      {"speed", "short, steady answers for real-time use", make_params(0.3, 30, 0.8, 64, 1.1)},
      {"balanced", "general conversation", make_params(0.5, 40, 0.9, 128, 1.2)},
      {"quality", "longer, richer answers for writing", make_params(0.7, 50, 0.95, 256, 1.3)},
      {"recommended", "the model's published advice for answers without thinking",
       make_params(0.7, 20, 0.8, 512, 1.0)},
      {"recommended_thinking", "the model's published advice for answers with thinking",
       make_params(1.0, 20, 0.95, 1536, 1.05)},
  }};
  return presets;
}

const SamplingPreset* find_sampling_preset(std::string_view name) {
  for (const SamplingPreset& preset : sampling_presets()) {
    if (preset.name == name) return &preset;
  }
  return nullptr;
}

}  // namespace youtu
