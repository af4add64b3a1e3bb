// The sliding window of a request, for the prefix cache: under which salt its tokens lie there, and
// what an earlier prompt may lend it.
//
// Latents that were moved have seen tokens that the prompt does not have any more. So they, and all
// that is computed behind them, lie under a salt that only requests of the same conversation have.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cache/earlier_prompt.h"
#include "youtu/generation.h"
#include "youtu/status.h"

namespace youtu {

// Whether the earlier prompt is the prompt with something more at one place; param "window".
Status check_window(const SlidingWindow& window, std::span<const TokenId> prompt);

// No request can give this salt itself. REQUIRES: a window and a salt that were checked.
std::string window_salt(const SlidingWindow& window, std::string_view cache_salt);

// A view of the window and the salts; nothing if there is no earlier prompt.
std::optional<EarlierPrompt> earlier_prompt_of(const SlidingWindow& window,
                                               std::string_view cache_salt,
                                               std::string_view window_salt);

}  // namespace youtu
