// A token that may be drawn.
#pragma once

#include "youtu/types.h"

namespace youtu {

// Its probability is its weight over the sum of all weights.
struct Candidate {
  TokenId token = 0;
  float scaled_logit = 0;  // (logit - largest logit) / temperature, at most 0
  float weight = 0;        // exp(scaled_logit)
};

}  // namespace youtu
