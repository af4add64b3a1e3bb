// Which turns of a conversation go into the next prompt. Turns are left out whole and from the
// oldest on; the system prompt and the new turn always stay.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "youtu/status.h"

namespace youtu {

enum class HistoryPolicy {
  kError,            // all turns; what does not fit the context is refused
  kDropOldestTurns,  // at most max_turns, and what fits
  kSlidingWindow,    // the newest turns that fit into window_tokens, and into the context
};

std::string_view to_string(HistoryPolicy policy);  // "error", "drop_oldest_turns", ...
std::optional<HistoryPolicy> find_history_policy(std::string_view name);

// What becomes of the latents that were computed of turns that stay, when older ones go.
enum class WindowCache {
  kRecompute,  // all behind the first turn that went is computed again
  kRotate,     // they are moved to their new positions: kSlidingWindow only
};

std::string_view to_string(WindowCache cache);  // "recompute", "rotate"
std::optional<WindowCache> find_window_cache(std::string_view name);

struct HistoryRules {
  HistoryPolicy policy = HistoryPolicy::kDropOldestTurns;
  int64_t max_turns = 5;      // of kDropOldestTurns: the tuning guide's max_history_turns
  int64_t window_tokens = 0;  // of kSlidingWindow; 0: as many as the context leaves
  bool operator==(const HistoryRules&) const = default;
};

// The number of turns that kDropOldestTurns leaves out at once. Dropping one turn at every turn
// would change the beginning of every prompt; dropping several keeps it for as many turns, and with
// it what a prefix cache holds.
int64_t history_step(const HistoryRules& rules);

// How many tokens the prompt has when that many of the oldest turns are left out.
using PromptTokens = std::function<Result<int64_t>(int64_t num_dropped)>;

// How many of `num_turns` turns to leave out, so that the prompt has at most `room` tokens. Where
// not even the prompt without history has room, it says `num_turns`; with kError it says 0.
// Fails only as `prompt_tokens` does.
Result<int64_t> turns_to_drop(const HistoryRules& rules, int64_t num_turns, int64_t room,
                              const PromptTokens& prompt_tokens);

}  // namespace youtu
