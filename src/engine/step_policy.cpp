#include "engine/step_policy.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "engine/sequence.h"

namespace youtu {

StepSize size_of(const StepPlan& plan) {
  StepSize size = {.rows = plan.num_tokens};
  for (const PlannedSequence& planned : plan.sequences) {
    const int64_t rows = planned.num_rows();
    size.pairs += rows * planned.sequence->num_computed_tokens() + rows * (rows + 1) / 2;
  }
  return size;
}

int64_t prompt_rows_beside(const StepCosts& costs, const StepSize& streams, int64_t prompt_context,
                           double slowdown, int64_t max_rows) {
  CHECK(max_rows >= 1 && slowdown > 1);
  if (streams.rows == 0 || !costs.has_observations()) return max_rows;
  const double limit = slowdown * costs.predict(streams);
  const auto fits = [&](int64_t rows) {
    const int64_t pairs = streams.pairs + rows * (prompt_context + rows / 2);
    return costs.predict({.rows = streams.rows + rows, .pairs = pairs}) <= limit;
  };
  // predict() never falls with the rows, so the last that fits is found by halving.
  int64_t low = 1;
  int64_t high = max_rows;
  while (low < high) {
    const int64_t middle = low + (high - low + 1) / 2;
    if (fits(middle)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

namespace {

// The offer whose next guess is the likeliest to be kept; nullptr when all are spent.
DraftOffer* best_offer(std::span<DraftOffer> offers, double& chance) {
  DraftOffer* best = nullptr;
  chance = 0;
  for (DraftOffer& offer : offers) {
    if (offer.num_chosen == offer.num_guesses) continue;
    const double kept = std::pow(offer.acceptance, offer.num_chosen + 1);
    if (kept <= chance) continue;
    chance = kept;
    best = &offer;
  }
  return best;
}

}  // namespace

// Guesses are taken in the order of their chances, and of all the sets on the way the best one is
// kept: the curve of costs has steps, so the first guess may not pay and the fourth may.
void choose_drafts(const StepCosts& costs, const StepSize& base, int32_t max_rows,
                   std::span<DraftOffer> offers) {
  for (DraftOffer& offer : offers) offer.num_chosen = 0;
  if (base.rows == 0 || !costs.has_observations()) return;
  StepSize size = base;
  double tokens = static_cast<double>(base.rows);
  double best_rate = tokens / costs.predict(base);
  int32_t num_kept = 0;
  int32_t num_taken = 0;
  for (; num_taken < max_rows; ++num_taken) {
    double chance = 0;
    DraftOffer* offer = best_offer(offers, chance);
    if (offer == nullptr) break;
    ++offer->num_chosen;
    ++size.rows;
    size.pairs += offer->context;
    tokens += chance;
    const double rate = tokens / costs.predict(size);
    if (rate <= best_rate) continue;
    best_rate = rate;
    num_kept = num_taken + 1;
  }
  // Again, up to the best set.
  for (DraftOffer& offer : offers) offer.num_chosen = 0;
  for (int32_t i = 0; i < num_kept; ++i) {
    double chance = 0;
    ++best_offer(offers, chance)->num_chosen;
  }
}

}  // namespace youtu
