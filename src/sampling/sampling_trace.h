// Watches a sampler at work and notes after each of its stages how many tokens are left, and what
// became of some candidates. The sampler tells it what it has at hand, so the report is of what was
// done, not of what should have been.
#pragma once

#include <optional>
#include <span>

#include "sampling/candidate.h"
#include "youtu/logprobs.h"
#include "youtu/token_explanation.h"

namespace youtu {

// Of one token. Allocates nothing.
class SamplingTrace {
 public:
  // What is watched: the ranked ones, and the one that was drawn.
  explicit SamplingTrace(const TokenLogprobs& logprobs);

  // What a stage left of the logits; -inf is removed. One of them is finite.
  void after(SamplerStage stage, std::span<const float> logits, double temperature = 1);
  // Likewise of the candidates, by ascending id.
  void after(SamplerStage stage, std::span<const Candidate> candidates);

  // Likewise where it left one token.
  void after(SamplerStage stage, TokenId only);

  const TokenExplanation& explanation() const { return explanation_; }

 private:
  void watch(const TokenLogprob& one);
  void enter(SamplerStage stage, int32_t num_left);
  // Nothing: the stage that was entered last does not have it any more.
  void note(ExplainedCandidate& candidate, std::optional<double> probability) const;
  std::span<ExplainedCandidate> watched() {
    return std::span(explanation_.all_candidates)
        .first(static_cast<size_t>(explanation_.num_candidates));
  }

  TokenExplanation explanation_;
};

}  // namespace youtu
