// The two things that pass between scheduler and runner: what a step shall compute, and what came
// of it.
#pragma once

#include <cstdint>
#include <vector>

#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu {

class Sequence;

struct PlannedSequence {
  Sequence* sequence = nullptr;  // valid during the step
  int32_t num_new_tokens = 0;    // the next uncomputed tokens, at least 1
  bool wants_token = false;      // they are the last ones, so the next token is to be sampled
};

struct StepPlan {
  std::vector<PlannedSequence> sequences;
  int32_t num_tokens = 0;

  bool is_empty() const { return sequences.empty(); }
};

struct StepOutcome {
  TokenId token = -1;  // if one was wanted and `status` is ok
  Status status;       // why this sequence cannot go on
};

// One outcome for each sequence of the plan, in its order.
struct StepResult {
  std::vector<StepOutcome> outcomes;
};

}  // namespace youtu
