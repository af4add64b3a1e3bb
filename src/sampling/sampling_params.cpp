// The ranges of every sampling parameter, and the presets.
#include "youtu/sampling_params.h"

#include "base/check.h"

#include <fmt/format.h>

#include <array>
#include <limits>

namespace youtu {
namespace {

constexpr int64_t kMaxNewTokens = 1048576;
constexpr int64_t kMaxNgramSize = 64;

// Written so that NaN, for which every comparison is false, is out of every range.
bool is_within(double value, double low, double high) {
  return value >= low && value <= high;
}

Status check_real(std::string_view name, double value, double low, double high) {
  if (is_within(value, low, high)) return Status::ok();
  return Status::invalid_argument(fmt::format("{} is {} ({} to {})", name, value, low, high),
                                  std::string(name), "out_of_range");
}

Status check_integer(std::string_view name, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return Status::ok();
  return Status::invalid_argument(fmt::format("{} is {} ({} to {})", name, value, low, high),
                                  std::string(name), "out_of_range");
}

Status check_top_p(double top_p) {
  if (top_p > 0.0 && top_p <= 1.0) return Status::ok();
  return Status::invalid_argument(fmt::format("top_p is {} (above 0, to 1)", top_p), "top_p",
                                  "out_of_range");
}

Status check_top_k(int64_t top_k) {
  if (top_k >= -1 && top_k <= std::numeric_limits<int32_t>::max()) return Status::ok();
  return Status::invalid_argument(fmt::format("top_k is {} (1 to {}, or 0 or -1 for off)", top_k,
                                              std::numeric_limits<int32_t>::max()),
                                  "top_k", "out_of_range");
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
  RETURN_IF_ERROR(check_real("temperature", params.temperature, 0.0, 100.0));
  RETURN_IF_ERROR(check_top_k(params.top_k));
  RETURN_IF_ERROR(check_top_p(params.top_p));
  RETURN_IF_ERROR(check_real("min_p", params.min_p, 0.0, 1.0));
  RETURN_IF_ERROR(check_real("repetition_penalty", params.repetition_penalty, 0.01, 10.0));
  RETURN_IF_ERROR(check_real("presence_penalty", params.presence_penalty, -2.0, 2.0));
  RETURN_IF_ERROR(check_real("frequency_penalty", params.frequency_penalty, -2.0, 2.0));
  RETURN_IF_ERROR(
      check_integer("no_repeat_ngram_size", params.no_repeat_ngram_size, 0, kMaxNgramSize));
  RETURN_IF_ERROR(check_integer("max_new_tokens", params.max_new_tokens, 1, kMaxNewTokens));
  RETURN_IF_ERROR(check_integer("min_new_tokens", params.min_new_tokens, 0, params.max_new_tokens));
  RETURN_IF_ERROR(
      check_integer("top_logprobs", params.top_logprobs.value_or(0), 0, int64_t{kMaxTopLogprobs}));
  RETURN_IF_ERROR(check_stop_token_ids(params.stop_token_ids));
  RETURN_IF_ERROR(check_logit_bias(params.logit_bias));
  return check_stop(params.stop);
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
