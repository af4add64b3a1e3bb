#include "server/session_fields.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "server/json_fields.h"

namespace youtu {

namespace {

constexpr std::array<std::string_view, 5> kFields = {
    "session_id", "history_policy", "max_history_turns", "history_window_tokens", "from_turn"};

}  // namespace

HistoryRules SessionFields::over(HistoryRules rules) const {
  if (max_turns) rules.max_turns = *max_turns;
  if (window_tokens) rules.window_tokens = *window_tokens;
  if (policy) {
    rules.policy = *policy;
  } else if (max_turns) {
    rules.policy = HistoryPolicy::kDropOldestTurns;
  } else if (window_tokens) {
    rules.policy = HistoryPolicy::kSlidingWindow;
  }
  return rules;
}

std::span<const std::string_view> session_field_names() {
  return kFields;
}

Status read_session_fields(const Json& body, SessionFields& fields) {
  Result<std::optional<std::string>> id = read_text(body, "session_id");
  RETURN_IF_ERROR(id);
  if (*id) RETURN_IF_ERROR(check_session_id(**id));
  fields.id = *std::move(id);
  const Result<std::optional<std::string>> policy = read_text(body, "history_policy");
  RETURN_IF_ERROR(policy);
  if (*policy) fields.policy = find_history_policy(**policy);
  if (*policy && !fields.policy) {
    return Status::invalid_argument(
        "history_policy must be error, drop_oldest_turns or sliding_window", "history_policy",
        "out_of_range");
  }
  Result<std::optional<int64_t>> max_turns =
      read_count(body, "max_history_turns", kMaxHistoryTurns);
  RETURN_IF_ERROR(max_turns);
  Result<std::optional<int64_t>> window =
      read_count(body, "history_window_tokens", kMaxHistoryTokens);
  RETURN_IF_ERROR(window);
  Result<std::optional<int64_t>> from_turn = read_count(body, "from_turn", kMaxTurnNumber);
  RETURN_IF_ERROR(from_turn);
  fields.max_turns = *max_turns;
  fields.window_tokens = *window;
  fields.from_turn = *from_turn;
  if (fields.from_turn && !fields.id) {
    return Status::invalid_argument("from_turn is a turn of a session (session_id is missing)",
                                    "from_turn", "missing");
  }
  if (!fields.policy && fields.max_turns && fields.window_tokens) {
    return Status::invalid_argument(
        "max_history_turns and history_window_tokens are of two policies; history_policy says "
        "which",
        "history_policy", "missing");
  }
  return Status::ok();
}

Status read_window_cache(const Json& body, SessionFields& fields) {
  const Result<std::optional<std::string>> name = read_text(body, "window_cache");
  RETURN_IF_ERROR(name);
  if (!*name) return Status::ok();
  fields.window_cache = find_window_cache(**name);
  if (!fields.window_cache) {
    return Status::invalid_argument("window_cache must be recompute or rotate", "window_cache",
                                    "out_of_range");
  }
  if (!fields.id) {
    return Status::invalid_argument("window_cache is of a session's turn (session_id is missing)",
                                    "window_cache", "missing");
  }
  return Status::ok();
}

Result<WindowCache> window_cache_in_force(const SessionFields& fields, WindowCache setting,
                                          HistoryPolicy policy, bool has_prefix_cache) {
  const bool can_rotate = fields.id && policy == HistoryPolicy::kSlidingWindow && has_prefix_cache;
  const WindowCache wanted = fields.window_cache.value_or(setting);
  if (wanted == WindowCache::kRecompute || can_rotate) return wanted;
  if (!fields.window_cache) return WindowCache::kRecompute;
  return Status::invalid_argument(
      has_prefix_cache
          ? "window_cache: rotate is of history_policy sliding_window (the turn's is " +
                std::string(to_string(policy)) + ")"
          : "window_cache: rotate needs the prefix cache (setting: prefix_cache)",
      "window_cache", "unsupported_value");
}

Status check_new_turn(const std::vector<ChatMessage>& messages) {
  for (size_t i = 0; i < messages.size(); ++i) {
    const std::string& role = messages[i].role;
    if (role == "user" || role == "tool") continue;
    return Status::invalid_argument("a message of role " + role +
                                        " cannot be a part of a session's new turn (the session "
                                        "has its system prompt and the answers; send user and "
                                        "tool messages)",
                                    "session_id", "not_in_a_turn");
  }
  return Status::ok();
}

Status check_session_id(std::string_view id) {
  if (is_session_id(id)) return Status::ok();
  return Status::invalid_argument(
      "session_id must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or a digit",
      "session_id", "bad_session_id");
}

}  // namespace youtu
