#include "server/parameter_linter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/nearest_name.h"
#include "base/utf8.h"
#include "server/json_fields.h"
#include "server/sampling_fields.h"

namespace youtu {

namespace {

using Kind = ParameterWarning::Kind;

constexpr size_t kMaxWarnings = 32;
constexpr size_t kMaxNameBytes = 64;

// From here on a penalty is felt in every line, and what has to repeat itself breaks.
constexpr double kStrongPenalty = 1.2;
constexpr double kDamagingPenalty = 1.5;
constexpr int64_t kShortNgram = 4;
constexpr double kHotTemperature = 1.3;
constexpr int64_t kFewThinkingTokens = 256;

std::string shown(std::string_view name) {
  return replace_invalid_utf8(name.substr(0, kMaxNameBytes));
}

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void find_unknown(const Json& body, const ParameterContext& context,
                  std::vector<ParameterWarning>& warnings) {
  const std::span<const std::string_view> names = context.known_fields;
  for (const auto& [name, value] : body.items()) {
    if (warnings.size() >= kMaxWarnings) return;
    if (contains(names, name) || contains(context.unused_fields, name)) continue;
    const std::string_view nearest = nearest_name(name, names);
    std::string message = shown(name) + " is unknown and was ignored";
    if (!nearest.empty()) message += fmt::format(" (did you mean {}?)", nearest);
    warnings.push_back({Kind::kUnknown, shown(name), std::move(message)});
  }
}

// What the request itself says; what a preset brings along is nobody's mistake.
void find_without_effect(const Json& body, const SamplingParams& params,
                         const ParameterContext& context, std::vector<ParameterWarning>& warnings) {
  for (const auto& [name, value] : body.items()) {
    if (value.is_null() || !contains(context.unused_fields, name)) continue;
    warnings.push_back({Kind::kWithoutEffect, name,
                        name + " is accepted for other servers' clients and has no effect here"});
  }
  constexpr std::array<std::string_view, 5> kOfThoughts = {
      "thinking_token_budget", "reasoning_budget", "reasoning_budget_tokens",
      "thinking_budget_tokens", "reasoning_budget_message"};
  const bool is_off_by_budget = params.thinking_token_budget == 0;
  for (const std::string_view name : kOfThoughts) {
    if (context.enable_thinking || is_off_by_budget || !find_field(body, name)) continue;
    warnings.push_back({Kind::kWithoutEffect, std::string(name),
                        fmt::format("{} has no effect: thinking is not enabled", name)});
  }
  if (params.temperature > 0) return;
  constexpr std::array<std::string_view, 4> kOfDraws = {"top_k", "top_p", "min_p", "seed"};
  for (const std::string_view name : kOfDraws) {
    if (!find_field(body, name)) continue;
    warnings.push_back({Kind::kWithoutEffect, std::string(name),
                        fmt::format("{} has no effect: with temperature 0 the likeliest token is "
                                    "taken",
                                    name)});
  }
}

void find_thinking_hazards(const SamplingParams& params, const ParameterContext& context,
                           std::vector<ParameterWarning>& warnings) {
  if (!context.enable_thinking || !context.has_max_tokens) return;
  const int64_t budget = params.thinking_token_budget;
  if (budget >= params.max_new_tokens) {
    warnings.push_back({Kind::kHazard, "thinking_token_budget",
                        fmt::format("thinking_token_budget {} may use up all of the {} tokens, and "
                                    "leave none for the answer",
                                    budget, params.max_new_tokens)});
  } else if (budget < 0 && params.max_new_tokens < kFewThinkingTokens) {
    warnings.push_back({Kind::kHazard, "max_new_tokens",
                        fmt::format("with thinking enabled {} tokens may end before the answer "
                                    "begins",
                                    params.max_new_tokens)});
  }
}

void find_hazards(const SamplingParams& params, const ParameterContext& context,
                  std::vector<ParameterWarning>& warnings) {
  const auto warn = [&warnings](std::string_view param, std::string message) {
    warnings.push_back({Kind::kHazard, std::string(param), std::move(message)});
  };
  const double penalty = params.repetition_penalty;
  const int64_t ngram = params.no_repeat_ngram_size;
  if (penalty >= kStrongPenalty && ngram > 0 && ngram < kShortNgram) {
    warn("no_repeat_ngram_size",
         fmt::format("repetition_penalty {} with no_repeat_ngram_size {} damages JSON and code",
                     penalty, ngram));
  } else if (context.has_format && penalty >= kStrongPenalty) {
    warn("repetition_penalty",
         fmt::format("repetition_penalty {} damages JSON, whose names and signs repeat; 1.0 is "
                     "off",
                     penalty));
  } else if (context.has_format && ngram > 0) {
    warn("no_repeat_ngram_size",
         fmt::format("no_repeat_ngram_size {} damages JSON, whose names and signs repeat; 0 is off",
                     ngram));
  }
  if (penalty > kDamagingPenalty) {
    warn("repetition_penalty",
         fmt::format("repetition_penalty {} breaks the sense of answers of some length (1.0 to {})",
                     penalty, kDamagingPenalty));
  }
  const bool is_cut = params.top_k > 0 || params.top_p < 1 || params.min_p > 0;
  if (params.temperature > kHotTemperature && !is_cut) {
    warn("temperature",
         fmt::format("temperature {} without top_k, top_p or min_p draws from tokens that fit "
                     "nowhere",
                     params.temperature));
  }
  find_thinking_hazards(params, context, warnings);
}

std::string_view code_of(Kind kind) {
  switch (kind) {
    case Kind::kUnknown:
      return "unknown_parameter";
    case Kind::kWithoutEffect:
      return "parameter_without_effect";
    case Kind::kHazard:
      return "hazard";
  }
  return {};
}

Status refuse(std::span<const ParameterWarning> warnings) {
  for (const ParameterWarning& warning : warnings) {
    if (warning.kind == Kind::kHazard) continue;
    return Status::invalid_argument(warning.message, warning.param,
                                    std::string(code_of(warning.kind)));
  }
  return Status::ok();
}

}  // namespace

Result<std::vector<ParameterWarning>> lint_parameters(const Json& body,
                                                      const SamplingParams& params,
                                                      const ParameterContext& context) {
  bool is_strict = context.is_strict;
  RETURN_IF_ERROR(read_flag(body, "strict", is_strict));
  std::vector<ParameterWarning> warnings;
  find_unknown(body, context, warnings);
  find_without_effect(body, params, context, warnings);
  find_hazards(params, context, warnings);
  if (is_strict) RETURN_IF_ERROR(refuse(warnings));
  return warnings;
}

OrderedJson warnings_json(std::span<const ParameterWarning> warnings) {
  OrderedJson json = OrderedJson::array();
  for (const ParameterWarning& warning : warnings) {
    OrderedJson one;
    one["param"] = warning.param;
    one["code"] = code_of(warning.kind);
    one["message"] = warning.message;
    json.push_back(std::move(one));
  }
  return json;
}

}  // namespace youtu
