// What the sampler made of a token's candidates: who was left after each stage, and how likely each
// candidate was then.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "youtu/logprobs.h"
#include "youtu/types.h"

namespace youtu {

// In the order in which they are applied. A stage that is off leaves no trace.
enum class SamplerStage : uint8_t {
  kThinkingTokenBudget,  // it is used up, and what must be written is known: the only stage then
  kOutputFormat,
  kLogitBias,
  kMinNewTokens,
  kRepetitionPenalty,
  kNoRepeatNgramSize,
  kPresenceAndFrequencyPenalty,
  kTemperature,
  kTopK,
  kTopP,
  kMinP,
};

inline constexpr std::array<std::string_view, 11> kSamplerStageNames = {
    "thinking_token_budget",
    "output_format",
    "logit_bias",
    "min_new_tokens",
    "repetition_penalty",
    "no_repeat_ngram_size",
    "presence_and_frequency_penalty",
    "temperature",
    "top_k",
    "top_p",
    "min_p"};
constexpr std::string_view to_string(SamplerStage stage) {
  return kSamplerStageNames[static_cast<size_t>(stage)];
}

inline constexpr int32_t kMaxExplainedCandidates = kMaxTopLogprobs;
// Of a request that wants its tokens explained.
inline constexpr int64_t kMaxExplainedTokens = 2048;

struct StageReport {
  SamplerStage stage = SamplerStage::kTemperature;
  int32_t num_left = 0;  // of all tokens of the vocabulary
  bool operator==(const StageReport&) const = default;
};

struct ExplainedCandidate {
  TokenId token = 0;
  float logprob = 0;        // of the model's own distribution
  int32_t removed_by = -1;  // the place of a stage among the explanation's; -1: it was left
  // After each of the stages, among those that were left then; 0 from the one on that removed it.
  std::array<float, kSamplerStageNames.size()> probabilities = {};
  bool operator==(const ExplainedCandidate&) const = default;
};

struct TokenExplanation {
  TokenId drawn = 0;
  int32_t num_stages = 0;
  int32_t num_candidates = 0;
  std::array<StageReport, kSamplerStageNames.size()> all_stages = {};
  std::array<ExplainedCandidate, size_t{kMaxExplainedCandidates} + 1> all_candidates = {};

  // Those that were in force.
  std::span<const StageReport> stages() const {
    return std::span(all_stages).first(static_cast<size_t>(num_stages));
  }
  // The likeliest of the model's own distribution, and behind them the token that was drawn if it
  // is none of these.
  std::span<const ExplainedCandidate> candidates() const {
    return std::span(all_candidates).first(static_cast<size_t>(num_candidates));
  }
  // Of being drawn.
  float probability(const ExplainedCandidate& candidate) const {
    if (num_stages == 0) return std::exp(candidate.logprob);
    return candidate.probabilities[static_cast<size_t>(num_stages) - 1];
  }
  bool operator==(const TokenExplanation&) const = default;
};

}  // namespace youtu
