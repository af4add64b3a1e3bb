// Sessions and turns as rows of the session file. Each row has a checksum, so that bytes that went
// bad on the disk are never shown as what somebody said.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/session.h"
#include "chat/session_age.h"
#include "chat/sqlite_database.h"

namespace youtu {

// A session as it is stored.
struct SessionRow {
  int64_t key = 0;  // of its turns' rows
  std::string owner;
  Session session;
  int64_t used_age_ms = 0;  // the same as used_ms, by the store's SessionAge
};

// "SELECT … FROM sessions", in the order that read_session_row() takes.
inline constexpr std::string_view kSelectSessions =
    "SELECT key, owner, id, title, system, policy, max_turns, window_tokens, created_ms, checksum, "
    "used_ms, used_age_ms, num_turns, next_turn, num_bytes FROM sessions ";

// REQUIRES: the statement begins with kSelectSessions and stands on a row. Fails with reason
// "session_damaged".
Result<SessionRow> read_session_row(const Statement& statement);

// Writes a new row; with key 0 its key is chosen.
Status insert_session_row(Database& database, const SessionRow& row);
// Writes what a turn changes of it.
Status update_session_row(Database& database, const SessionRow& row);

// The turns of a session, all of them, in order: fails with reason "session_damaged" where one is
// missing or is not what was written.
Result<std::vector<Turn>> read_turns(Database& database, const SessionRow& row);
Status insert_turn(Database& database, int64_t session_key, const Turn& turn);

// How far the sessions' time has run (SessionAge). None where it was not stored yet or is damaged.
Result<std::optional<SessionAge::Mark>> read_age_mark(Database& database);
Status write_age_mark(Database& database, const SessionAge::Mark& mark);

std::string messages_text(const std::vector<ChatMessage>& messages,
                          const std::vector<ToolCall>& answer_calls = {});

// Takes the turns from `from` on out of a session and out of its turns as they were read. Fails
// with reason "out_of_range" where there is no such turn.
Status take_back_turns(Session& session, std::vector<Turn>& turns, int64_t from);

// What messages and whole turns count towards the size of their session.
int64_t texts_bytes(const std::vector<ChatMessage>& messages);
int64_t turn_bytes(const Turn& turn);

}  // namespace youtu
