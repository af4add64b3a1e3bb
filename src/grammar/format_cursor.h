// How far a completion has been followed in its format.
#pragma once

#include <cstddef>
#include <cstdint>

namespace youtu {

using StateId = uint32_t;
inline constexpr StateId kDeadState = 0;

// Cheap to copy; a fresh one stands before the first token. Only CompiledFormat moves it.
struct FormatCursor {
  uint64_t generation = 0;  // of the states that `state` is one of
  size_t num_tokens = 0;
  StateId state = kDeadState;
};

}  // namespace youtu
