// How much work a step takes on, from what steps of that size cost.
#pragma once

#include <cstdint>
#include <span>

#include "engine/step.h"
#include "engine/step_costs.h"

namespace youtu {

// What the plan computes, guesses included.
StepSize size_of(const StepPlan& plan);

// The most rows of a prompt that may share a step with `streams`, the sequences that wait for a
// token each, so that the step takes at most `slowdown` times as long as without. `prompt_context`
// is the context of those rows. At least 1, so that the prompt gets on; `max_rows` if there are no
// streams or nothing is known. REQUIRES: max_rows >= 1, slowdown > 1.
int64_t prompt_rows_beside(const StepCosts& costs, const StepSize& streams, int64_t prompt_context,
                           double slowdown, int64_t max_rows);

// Guesses that a sequence could have checked in the next step.
struct DraftOffer {
  double acceptance = 0;  // chance of each guess if those before it were right
  int64_t context = 0;    // context tokens of a row
  int32_t num_guesses = 0;
  int32_t num_chosen = 0;  // the answer
};

// Chooses how many guesses of each offer a step of size `base` checks besides, at most `max_rows`
// in all: as many as make the most tokens in a second.
void choose_drafts(const StepCosts& costs, const StepSize& base, int32_t max_rows,
                   std::span<DraftOffer> offers);

}  // namespace youtu
