// The fields by which a request says to which session it belongs and how much of its history the
// prompt shall have.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "chat/session.h"
#include "youtu/status.h"
#include "youtu/types.h"

namespace youtu {

inline constexpr int64_t kMaxHistoryTurns = 1'000'000;
inline constexpr int64_t kMaxHistoryTokens = 1 << 20;
inline constexpr int64_t kMaxTurnNumber = 1'000'000'000;

struct SessionFields {
  std::optional<std::string> id;
  std::optional<HistoryPolicy> policy;
  std::optional<int64_t> max_turns;
  std::optional<int64_t> window_tokens;
  std::optional<int64_t> from_turn;  // the turn in whose place the new one stands
  std::optional<WindowCache> window_cache;

  bool has_history() const { return policy || max_turns || window_tokens; }
  // The rules that are in force where `rules` are without these fields. A number of turns or tokens
  // alone says by which policy it is to be kept.
  HistoryRules over(HistoryRules rules) const;
};

std::span<const std::string_view> session_field_names();

// Sets the fields that `body` has. REQUIRES: `body` is an object.
Status read_session_fields(const Json& body, SessionFields& fields);

// Sets `window_cache`, which is of one turn of a session and not of the session. REQUIRES: `fields`
// are read_session_fields() of `body`.
Status read_window_cache(const Json& body, SessionFields& fields);

// What becomes of latents by the field, or else by the setting; fails where the field asks for what
// the `policy` in force, or a server without `has_prefix_cache`, does not have.
Result<WindowCache> window_cache_in_force(const SessionFields& fields, WindowCache setting,
                                          HistoryPolicy policy, bool has_prefix_cache);

// A session keeps its system prompt and its answers itself: a turn brings messages of the user and
// of tools.
Status check_new_turn(const std::vector<ChatMessage>& messages);

// An id from outside, with reason "bad_session_id" where it is none.
Status check_session_id(std::string_view id);

}  // namespace youtu
