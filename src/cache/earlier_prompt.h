// A prompt that was computed before, and how it lies to a new one that goes on without some of it.
#pragma once

#include <cstdint>

#include "cache/prefix_tree.h"

namespace youtu {

// The new prompt begins with its first `num_pinned` tokens, has not the `num_dropped` behind them,
// and goes on with those that follow.
struct EarlierPrompt {
  SaltedTokens tokens;
  int64_t num_pinned = 0;
  int64_t num_dropped = 0;

  // Of the new prompt, how many tokens at the beginning are known if the first `num_computed` of
  // this one are.
  int64_t num_covered(int64_t num_computed) const {
    const int64_t end = num_pinned + num_dropped;
    return num_computed > end ? num_computed - num_dropped
                              : (num_computed < num_pinned ? num_computed : num_pinned);
  }
  // Where the token at a position of the new prompt stands in this one.
  int64_t position_of(int64_t position) const {
    return position < num_pinned ? position : position + num_dropped;
  }
};

}  // namespace youtu
