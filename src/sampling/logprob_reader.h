// The logarithms of a row's probabilities. Only what was asked for is made: the row's normaliser
// once, then the likeliest tokens and the one that was drawn.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "youtu/logprobs.h"
#include "youtu/types.h"

namespace youtu {

// One thread. Nothing is allocated after construction.
class LogprobReader {
 public:
  explicit LogprobReader(int32_t vocab_size);

  // What it holds, and what one of that vocabulary would.
  int64_t bytes() const {
    return static_cast<int64_t>(logits_.capacity() * sizeof(float) +
                                order_.capacity() * sizeof(TokenId));
  }
  static int64_t planned_bytes(int32_t vocab_size) {
    return int64_t{vocab_size} * static_cast<int64_t>(sizeof(float) + sizeof(TokenId));
  }

  // Keeps the row, so that the sampler may have it as scratch. REQUIRES: logits.size() ==
  // vocab_size. A row that no token can be drawn from gives no sensible numbers.
  void read(std::span<const float> logits);
  // The row that was read last.
  std::span<const float> logits() const { return logits_; }
  // Of that row. REQUIRES: 0 <= num_ranked <= kMaxTopLogprobs.
  TokenLogprobs of(TokenId drawn, int32_t num_ranked);

 private:
  float logprob(TokenId token) const {
    return (logits_[static_cast<size_t>(token)] - maximum_) - log_sum_;
  }

  std::vector<float> logits_;   // [vocab_size]
  std::vector<TokenId> order_;  // [vocab_size], scratch
  // Apart, because their sum would round the second away where the first is large.
  float maximum_ = 0;
  float log_sum_ = 0;  // log of the sum of exp(logit - maximum)
};

}  // namespace youtu
