// The two things that pass between scheduler and runner: what a step shall compute, and what came
// of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cache/block_pool.h"
#include "cache/earlier_prompt.h"
#include "youtu/logprobs.h"
#include "youtu/status.h"
#include "youtu/token_explanation.h"
#include "youtu/types.h"

namespace youtu {

class Sequence;
class StepCosts;

// Guesses of what a sequence says next that a step checks: of one sequence, and in all.
inline constexpr int32_t kMaxDraftTokens = 8;
inline constexpr int32_t kMaxStepDraftTokens = 16;

// What a step may take on.
struct StepAllowance {
  int32_t max_prompt_tokens = 0;           // of sequences that miss more than one token; at least 1
  const StepCosts* draft_costs = nullptr;  // says which guesses pay; nullptr: none are made
};

struct PlannedSequence {
  Sequence* sequence = nullptr;  // valid during the step
  int32_t num_new_tokens = 0;    // the next uncomputed tokens, at least 1
  bool wants_token = false;      // they are the last ones, so the next token is to be sampled
  int32_t num_draft_tokens = 0;  // guesses after them, computed too; only if wants_token

  int32_t num_rows() const { return num_new_tokens + num_draft_tokens; }
};

// Rows of the cache that are moved before anything is computed: positions [begin, end) of a
// sequence come from an earlier prompt. Views, valid during the step.
struct PlannedSlide {
  std::span<const BlockId> source;  // of the earlier prompt
  std::span<const BlockId> table;   // of the sequence
  EarlierPrompt earlier;
  int64_t begin = 0;
  int64_t end = 0;
};

struct StepPlan {
  std::vector<PlannedSequence> sequences;
  std::vector<PlannedSlide> slides;  // of some of them
  int32_t num_tokens = 0;            // rows of all sequences

  bool is_empty() const { return sequences.empty(); }
};

struct StepOutcome {
  // The sampled tokens: one if it was wanted and `status` is ok, and one more for each guess that
  // was right.
  std::array<TokenId, size_t{kMaxDraftTokens} + 1> sampled = {};
  int32_t num_sampled = 0;
  // Where in StepResult::logprobs those of the sampled tokens begin; -1: not asked for.
  int32_t first_logprobs = -1;
  int32_t first_explanation = -1;  // likewise in StepResult::explanations
  Status status = {};              // why this sequence cannot go on

  std::span<const TokenId> tokens() const {
    return std::span(sampled).first(static_cast<size_t>(num_sampled));
  }
};

// One outcome for each sequence of the plan, in its order.
struct StepResult {
  std::vector<StepOutcome> outcomes;
  // Of the outcomes that have any, one after another.
  std::vector<TokenLogprobs> logprobs;
  std::vector<TokenExplanation> explanations;
};

}  // namespace youtu
