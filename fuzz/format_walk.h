// What every output format must stand, whatever text it was written as.
#pragma once

#include "base/check.h"
#include "grammar/format_compiler.h"
#include "grammar/state_table.h"

namespace youtu {

// Compiles, and follows some text that the automaton allows. From every place that it comes to, a
// byte must lead on or the text may end: that is why a token mask is never empty.
inline void walk_format(const OutputFormat& format) {
  const auto automaton = build_automaton(format);
  if (!automaton) {
    CHECK(automaton.status().code() == StatusCode::kInvalidArgument);
    CHECK(!automaton.status().message().empty() && !automaton.status().param().empty());
    return;
  }
  constexpr int64_t kBudget = 1'000'000;
  StateTable table(*automaton);
  StateId state = table.start();
  for (int step = 0; step < 40; ++step) {
    table.set_budget(kBudget);
    StateId next = kDeadState;
    for (int byte = 0; byte < 256 && next == kDeadState; ++byte) {
      // Another first byte at each step.
      next = table.step(state, static_cast<uint8_t>(byte * 7 + step * 31));
    }
    if (table.is_exhausted() || state == kDeadState) return;  // too ambiguous, and it says so
    CHECK(next != kDeadState || table.is_complete(state));
    if (next == kDeadState) return;
    state = next;
  }
}

}  // namespace youtu
