// How far the distribution that one model gives the next token is from another's: position by
// position, and over a text. docs/eval.md says what each figure means.
#pragma once

#include <cstdint>
#include <span>

#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu {

inline constexpr TokenId kNoNextToken = -1;

// One row of logits of the reference beside one of the tested model. Logarithms are natural.
struct PositionComparison {
  double divergence = 0;  // Kullback-Leibler, of the tested distribution from the reference
  TokenId reference_top = 0;
  TokenId tested_top = 0;
  TokenId next = kNoNextToken;    // what the text goes on with
  double reference_log_prob = 0;  // of `next`, where there is one
  double tested_log_prob = 0;
};

// Softmax and sums are in double precision. A divergence is never negative: what rounding leaves
// below 0, at most kDivergenceNoise, becomes 0. Fails if a logit is not finite. REQUIRES: rows of
// the same, positive length; `next` is kNoNextToken or an index into them.
Result<PositionComparison> compare_logits(std::span<const float> reference,
                                          std::span<const float> tested, TokenId next);
inline constexpr double kDivergenceNoise = 1e-9;

// Standard errors take positions for independent. A figure over nothing is 0.
struct ComparisonSummary {
  int64_t num_positions = 0;
  struct Divergence {
    double mean = 0;
    double standard_error = 0;
    double median = 0;
    double p90 = 0;
    double p99 = 0;
    double p99_9 = 0;
    double max = 0;
  } divergence;
  double same_top = 0;  // fraction of the positions

  // Over the positions that have a next token.
  int64_t num_predictions = 0;
  struct ProbabilityChange {
    double rms = 0;
    double p99 = 0;  // of the absolute change
  } probability_change;
  struct Perplexity {
    double reference = 0;
    double tested = 0;
    double ratio = 0;  // tested / reference
    double ratio_error = 0;
  } perplexity;
};

ComparisonSummary summarize(std::span<const PositionComparison> positions);

}  // namespace youtu
