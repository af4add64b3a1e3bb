// Sees when a completion goes round in a loop, as small models do: the same pattern of tokens again
// and again, with no end.
//
// A pattern is a loop only if it stands there often and fills some length, so that rulers, rows of
// a table and lists of zeros are none. The numbers were chosen on text that repeats itself for good
// reasons (docs/http-api.md says what was measured).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "youtu/types.h"

namespace youtu {

inline constexpr int32_t kMaxLoopPeriod = 256;
inline constexpr int64_t kMinLoopCount = 4;
inline constexpr int64_t kMinLoopTokens = 128;

// For one completion. Some 5 KB, nothing is allocated after construction.
class LoopDetector {
 public:
  // The pattern that the completion now ends with, if it is a loop: of all periods the shortest.
  std::optional<Repetition> append(TokenId token);

 private:
  // Of the last kMaxLoopPeriod tokens the newest stands before position_.
  std::array<TokenId, kMaxLoopPeriod> recent_ = {};
  // How many of the newest tokens each equal the one `period` before it. [period - 1]
  std::array<int32_t, kMaxLoopPeriod> matches_ = {};
  int32_t position_ = 0;
  int64_t num_tokens_ = 0;
};

}  // namespace youtu
