#include "sampling/logprob_reader.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"

namespace youtu {

LogprobReader::LogprobReader(int32_t vocab_size) {
  logits_.resize(static_cast<size_t>(vocab_size));
  order_.resize(logits_.size());
}

void LogprobReader::read(std::span<const float> logits) {
  CHECK(logits.size() == logits_.size());
  std::copy(logits.begin(), logits.end(), logits_.begin());
  maximum_ = *std::max_element(logits_.begin(), logits_.end());
  double sum = 0;
  for (const float logit : logits_) sum += std::exp(logit - maximum_);
  log_sum_ = static_cast<float>(std::log(sum));
}

TokenLogprobs LogprobReader::of(TokenId drawn, int32_t num_ranked) {
  CHECK(num_ranked >= 0 && num_ranked <= kMaxTopLogprobs);
  TokenLogprobs result;
  result.drawn = {drawn, logprob(drawn)};
  result.num_ranked = std::min(num_ranked, static_cast<int32_t>(logits_.size()));
  if (result.num_ranked == 0) return result;
  std::iota(order_.begin(), order_.end(), 0);
  const auto end = order_.begin() + result.num_ranked;
  std::partial_sort(order_.begin(), end, order_.end(), [this](TokenId a, TokenId b) {
    const float logit_a = logits_[static_cast<size_t>(a)];
    const float logit_b = logits_[static_cast<size_t>(b)];
    return logit_a != logit_b ? logit_a > logit_b : a < b;
  });
  for (int32_t i = 0; i < result.num_ranked; ++i) {
    const TokenId token = order_[static_cast<size_t>(i)];
    result.ranked[static_cast<size_t>(i)] = {token, logprob(token)};
  }
  return result;
}

}  // namespace youtu
