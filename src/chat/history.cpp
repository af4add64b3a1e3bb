#include "chat/history.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace youtu {

namespace {

constexpr std::array<std::pair<HistoryPolicy, std::string_view>, 3> kPolicies = {{
    {HistoryPolicy::kError, "error"},
    {HistoryPolicy::kDropOldestTurns, "drop_oldest_turns"},
    {HistoryPolicy::kSlidingWindow, "sliding_window"},
}};

constexpr std::array<std::pair<WindowCache, std::string_view>, 2> kWindowCaches = {{
    {WindowCache::kRecompute, "recompute"},
    {WindowCache::kRotate, "rotate"},
}};

// In whole steps: at the turn after a drop there is room for a step's turns before the next one.
Result<int64_t> drop_in_steps(const HistoryRules& rules, int64_t num_turns, int64_t room,
                              const PromptTokens& prompt_tokens) {
  const int64_t step = history_step(rules);
  const int64_t too_many = std::max<int64_t>(0, num_turns - rules.max_turns);
  int64_t dropped = std::min(num_turns, (too_many + step - 1) / step * step);
  while (dropped < num_turns) {
    const Result<int64_t> tokens = prompt_tokens(dropped);
    RETURN_IF_ERROR(tokens);
    if (*tokens <= room) break;
    dropped = std::min(num_turns, dropped + step);
  }
  return dropped;
}

// Asks for few turns first and doubles, so that a long history costs no more than the window does.
Result<int64_t> slide(const HistoryRules& rules, int64_t num_turns, int64_t room,
                      const PromptTokens& prompt_tokens) {
  const Result<int64_t> bare = prompt_tokens(num_turns);
  RETURN_IF_ERROR(bare);
  const int64_t window = rules.window_tokens == 0 ? room : *bare + rules.window_tokens;
  const int64_t limit = std::min(room, window);
  int64_t kept = 0;                  // that many fit
  int64_t too_many = num_turns + 1;  // that many do not
  int64_t probe = 1;
  while (kept + 1 < too_many) {
    const Result<int64_t> tokens = prompt_tokens(num_turns - probe);
    RETURN_IF_ERROR(tokens);
    const bool doubling = too_many > num_turns;
    (*tokens <= limit ? kept : too_many) = probe;
    const int64_t middle = kept + (too_many - kept) / 2;
    probe = doubling && too_many > num_turns ? std::min(2 * kept, num_turns) : middle;
  }
  return num_turns - kept;
}

}  // namespace

std::string_view to_string(HistoryPolicy policy) {
  for (const auto& [known, name] : kPolicies) {
    if (known == policy) return name;
  }
  UNREACHABLE();
}

std::optional<HistoryPolicy> find_history_policy(std::string_view name) {
  for (const auto& [policy, known] : kPolicies) {
    if (known == name) return policy;
  }
  return std::nullopt;
}

std::string_view to_string(WindowCache cache) {
  for (const auto& [known, name] : kWindowCaches) {
    if (known == cache) return name;
  }
  UNREACHABLE();
}

std::optional<WindowCache> find_window_cache(std::string_view name) {
  for (const auto& [cache, known] : kWindowCaches) {
    if (known == name) return cache;
  }
  return std::nullopt;
}

int64_t history_step(const HistoryRules& rules) {
  return std::max<int64_t>(1, (rules.max_turns + 1) / 2);
}

Result<int64_t> turns_to_drop(const HistoryRules& rules, int64_t num_turns, int64_t room,
                              const PromptTokens& prompt_tokens) {
  switch (rules.policy) {
    case HistoryPolicy::kError:
      return 0;
    case HistoryPolicy::kDropOldestTurns:
      return drop_in_steps(rules, num_turns, room, prompt_tokens);
    case HistoryPolicy::kSlidingWindow:
      return slide(rules, num_turns, room, prompt_tokens);
  }
  UNREACHABLE();
}

}  // namespace youtu
