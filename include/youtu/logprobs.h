// What the model thought of a token that was drawn, and of the likeliest beside it.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "youtu/types.h"

namespace youtu {

inline constexpr int32_t kMaxTopLogprobs = 20;

struct TokenLogprob {
  TokenId token = 0;
  float logprob = 0;  // natural logarithm of the probability; -inf is possible
  bool operator==(const TokenLogprob&) const = default;
};

// Of the model's own distribution, before bias, penalties, temperature and cuts, as with vLLM.
struct TokenLogprobs {
  TokenLogprob drawn;
  std::array<TokenLogprob, size_t{kMaxTopLogprobs}> ranked = {};
  int32_t num_ranked = 0;

  // The likeliest first; of equals the lowest id.
  std::span<const TokenLogprob> top() const {
    return std::span(ranked).first(static_cast<size_t>(num_ranked));
  }
};

}  // namespace youtu
