#include "sampling/sampling_trace.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"

namespace youtu {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

}  // namespace

SamplingTrace::SamplingTrace(const TokenLogprobs& logprobs) {
  explanation_.drawn = logprobs.drawn.token;
  for (const TokenLogprob& one : logprobs.top()) watch(one);
  const auto top = logprobs.top();
  const bool is_ranked = std::any_of(top.begin(), top.end(), [&](const TokenLogprob& one) {
    return one.token == logprobs.drawn.token;
  });
  if (!is_ranked) watch(logprobs.drawn);
}

// What the model itself holds for impossible was never a candidate.
void SamplingTrace::watch(const TokenLogprob& one) {
  if (one.logprob == kNever) return;
  ExplainedCandidate& candidate =
      explanation_.all_candidates[static_cast<size_t>(explanation_.num_candidates++)];
  candidate.token = one.token;
  candidate.logprob = one.logprob;
}

void SamplingTrace::after(SamplerStage stage, std::span<const float> logits, double temperature) {
  const float maximum = *std::max_element(logits.begin(), logits.end());
  const auto weight = [&](float logit) { return std::exp((logit - maximum) / temperature); };
  double total = 0;
  int32_t num_left = 0;
  for (const float logit : logits) {
    if (logit == kNever) continue;
    ++num_left;
    total += weight(logit);
  }
  enter(stage, num_left);
  for (ExplainedCandidate& candidate : watched()) {
    const float logit = logits[static_cast<size_t>(candidate.token)];
    note(candidate, logit == kNever ? std::nullopt : std::optional(weight(logit) / total));
  }
}

void SamplingTrace::after(SamplerStage stage, std::span<const Candidate> candidates) {
  double total = 0;
  for (const Candidate& candidate : candidates) total += candidate.weight;
  enter(stage, static_cast<int32_t>(candidates.size()));
  for (ExplainedCandidate& watched : watched()) {
    const auto found = std::lower_bound(
        candidates.begin(), candidates.end(), watched.token,
        [](const Candidate& candidate, TokenId token) { return candidate.token < token; });
    const bool is_left = found != candidates.end() && found->token == watched.token;
    note(watched, is_left ? std::optional(found->weight / total) : std::nullopt);
  }
}

void SamplingTrace::after(SamplerStage stage, TokenId only) {
  enter(stage, 1);
  for (ExplainedCandidate& candidate : watched()) {
    note(candidate, candidate.token == only ? std::optional(1.0) : std::nullopt);
  }
}

void SamplingTrace::enter(SamplerStage stage, int32_t num_left) {
  const auto place = static_cast<size_t>(explanation_.num_stages++);
  CHECK(place < explanation_.all_stages.size());
  explanation_.all_stages[place] = {stage, num_left};
}

void SamplingTrace::note(ExplainedCandidate& candidate, std::optional<double> probability) const {
  if (candidate.removed_by >= 0) return;
  const int32_t place = explanation_.num_stages - 1;
  if (probability) {
    candidate.probabilities[static_cast<size_t>(place)] = static_cast<float>(*probability);
  } else {
    candidate.removed_by = place;
  }
}

}  // namespace youtu
