#include "chat/session_rows.h"

#include "base/check.h"
#include "base/content_hash.h"
#include "base/json.h"

namespace youtu {

namespace {

Status damaged(const std::string& id, const std::string& what) {
  return {StatusCode::kFailedPrecondition,
          "session " + id + " is damaged on the disk: " + what + " (it can only be deleted)",
          "session_id", "session_damaged"};
}

int64_t signed_value(const ContentHash& hash) {
  return static_cast<int64_t>(hash.value());
}

int64_t session_checksum(const SessionRow& row) {
  const Session& session = row.session;
  ContentHash hash;
  hash.add_text(row.owner);
  for (const std::string& text : {session.id, session.title, session.system}) hash.add_text(text);
  hash.add_text(to_string(session.history.policy));
  hash.add_number(session.history.max_turns);
  hash.add_number(session.history.window_tokens);
  for (const int64_t number : {session.created_ms, session.used_ms, row.used_age_ms,
                               session.num_turns, session.next_turn, session.num_bytes}) {
    hash.add_number(number);
  }
  return signed_value(hash);
}

int64_t age_checksum(const SessionAge::Mark& mark) {
  ContentHash hash;
  hash.add_number(mark.age_ms);
  hash.add_number(mark.wall_ms);
  return signed_value(hash);
}

int64_t turn_checksum(int64_t session_key, const Turn& turn, const std::string& messages) {
  ContentHash hash;
  hash.add_number(session_key);
  hash.add_number(turn.number);
  hash.add_text(messages);
  hash.add_text(turn.answer.text);
  hash.add_text(turn.answer.finish_reason);
  hash.add_number(turn.answer.usage.prompt_tokens);
  hash.add_number(turn.answer.usage.completion_tokens);
  hash.add_number(turn.answer.usage.cached_tokens);
  hash.add_number(turn.created_ms);
  return signed_value(hash);
}

bool are_strings(const Json& list, size_t first, size_t count) {
  for (size_t i = first; i < first + count; ++i) {
    if (!list[i].is_string()) return false;
  }
  return true;
}

// [[id, name, arguments], …]; nothing if it is none.
std::optional<std::vector<ToolCall>> parse_calls(const Json& list) {
  if (!list.is_array()) return std::nullopt;
  std::vector<ToolCall> calls;
  for (const Json& item : list) {
    if (!item.is_array() || item.size() != 3 || !are_strings(item, 0, 3)) return std::nullopt;
    calls.push_back(
        {item[0].get<std::string>(), item[1].get<std::string>(), item[2].get<std::string>()});
  }
  return calls;
}

// [role, content], and where there are any [.., .., calls, tool_call_id].
std::optional<ChatMessage> parse_message(const Json& item) {
  const bool is_long = item.is_array() && item.size() == 4;
  if (!item.is_array() || (item.size() != 2 && !is_long) || !are_strings(item, 0, 2)) {
    return std::nullopt;
  }
  ChatMessage message;
  message.role = item[0].get<std::string>();
  message.content = item[1].get<std::string>();
  if (!is_long) return message;
  std::optional<std::vector<ToolCall>> calls = parse_calls(item[2]);
  if (!calls || !item[3].is_string()) return std::nullopt;
  message.tool_calls = *std::move(calls);
  message.tool_call_id = item[3].get<std::string>();
  return message;
}

// The messages and, behind them, {"calls": …} of the answer if it made any. REQUIRES: the text is
// one of messages_text(), which its checksum has shown.
Status parse_messages(const std::string& text, const std::string& id, Turn& turn) {
  JsonLimits limits;
  limits.max_bytes = text.size();
  const Result<Json> list = parse_json(text, limits);
  if (!list || !list->is_array()) return damaged(id, "its messages are no list");
  for (const Json& item : *list) {
    if (item.is_object() && item.contains("calls")) {
      std::optional<std::vector<ToolCall>> calls = parse_calls(item["calls"]);
      if (!calls) return damaged(id, "calls of it are none");
      turn.answer.tool_calls = *std::move(calls);
      continue;
    }
    std::optional<ChatMessage> message = parse_message(item);
    if (!message) return damaged(id, "a message of it is none");
    turn.messages.push_back(*std::move(message));
  }
  return Status::ok();
}

Json calls_json(const std::vector<ToolCall>& calls) {
  Json list = Json::array();
  for (const ToolCall& call : calls) {
    list.push_back(Json::array({call.id, call.name, call.arguments}));
  }
  return list;
}

Result<Turn> read_turn(const Statement& row, const SessionRow& session) {
  Turn turn;
  turn.number = row.integer(0);
  const std::string messages = row.text(1);
  turn.answer.text = row.text(2);
  turn.answer.finish_reason = row.text(3);
  turn.answer.usage = {row.integer(4), row.integer(5), row.integer(6)};
  turn.created_ms = row.integer(7);
  if (row.integer(8) != turn_checksum(session.key, turn, messages)) {
    return damaged(session.session.id,
                   "turn " + std::to_string(turn.number) + " is not what was written");
  }
  RETURN_IF_ERROR(parse_messages(messages, session.session.id, turn));
  return turn;
}

}  // namespace

Result<SessionRow> read_session_row(const Statement& statement) {
  SessionRow row;
  row.key = statement.integer(0);
  row.owner = statement.text(1);
  Session& session = row.session;
  session.id = statement.text(2);
  session.title = statement.text(3);
  session.system = statement.text(4);
  const std::optional<HistoryPolicy> policy = find_history_policy(statement.text(5));
  session.history = {policy.value_or(HistoryPolicy::kError), statement.integer(6),
                     statement.integer(7)};
  session.created_ms = statement.integer(8);
  session.used_ms = statement.integer(10);
  row.used_age_ms = statement.integer(11);
  session.num_turns = statement.integer(12);
  session.next_turn = statement.integer(13);
  session.num_bytes = statement.integer(14);
  if (!policy || statement.integer(9) != session_checksum(row)) {
    return damaged(is_session_id(session.id) ? session.id : "without a name",
                   "its head is not what was written");
  }
  return row;
}

Status insert_session_row(Database& database, const SessionRow& row) {
  const Session& session = row.session;
  return database.run(
      "INSERT INTO sessions VALUES (NULLIF(?, 0), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.key, row.owner, session.id, session.title, session.system,
      to_string(session.history.policy), session.history.max_turns, session.history.window_tokens,
      session.created_ms, session_checksum(row), session.used_ms, row.used_age_ms,
      session.num_turns, session.next_turn, session.num_bytes);
}

Status update_session_row(Database& database, const SessionRow& row) {
  const Session& session = row.session;
  return database.run(
      "UPDATE sessions SET used_ms = ?, used_age_ms = ?, num_turns = ?, next_turn = ?, "
      "num_bytes = ?, checksum = ? WHERE key = ?",
      session.used_ms, row.used_age_ms, session.num_turns, session.next_turn, session.num_bytes,
      session_checksum(row), row.key);
}

Result<std::vector<Turn>> read_turns(Database& database, const SessionRow& row) {
  Result<Statement> rows = database.query(
      "SELECT number, messages, answer, finish_reason, prompt_tokens, completion_tokens, "
      "cached_tokens, created_ms, checksum FROM turns WHERE session = ? ORDER BY number",
      row.key);
  RETURN_IF_ERROR(rows);
  const Session& session = row.session;
  std::vector<Turn> turns;
  for (;;) {
    const Result<bool> has_row = rows->step();
    RETURN_IF_ERROR(has_row);
    if (!*has_row) break;
    Result<Turn> turn = read_turn(*rows, row);
    RETURN_IF_ERROR(turn);
    turns.push_back(*std::move(turn));
  }
  const int64_t num_turns = static_cast<int64_t>(turns.size());
  bool is_whole = num_turns == session.num_turns;
  for (int64_t i = 0; i < num_turns && is_whole; ++i) {
    is_whole = turns[static_cast<size_t>(i)].number == session.next_turn - num_turns + i;
  }
  if (!is_whole) return damaged(session.id, "turns of it are missing");
  return turns;
}

Status insert_turn(Database& database, int64_t session_key, const Turn& turn) {
  const std::string messages = messages_text(turn.messages, turn.answer.tool_calls);
  const TurnAnswer& answer = turn.answer;
  return database.run(
      "INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", session_key, turn.number, messages,
      answer.text, answer.finish_reason, answer.usage.prompt_tokens, answer.usage.completion_tokens,
      answer.usage.cached_tokens, turn.created_ms, turn_checksum(session_key, turn, messages));
}

Result<std::optional<SessionAge::Mark>> read_age_mark(Database& database) {
  Result<Statement> row = database.query("SELECT age_ms, wall_ms, checksum FROM store");
  RETURN_IF_ERROR(row);
  const Result<bool> has_row = row->step();
  RETURN_IF_ERROR(has_row);
  if (!*has_row) return std::optional<SessionAge::Mark>();
  const SessionAge::Mark mark = {row->integer(0), row->integer(1)};
  const bool is_whole = row->integer(2) == age_checksum(mark);
  return is_whole ? std::optional<SessionAge::Mark>(mark) : std::nullopt;
}

Status write_age_mark(Database& database, const SessionAge::Mark& mark) {
  return database.run("UPDATE store SET age_ms = ?, wall_ms = ?, checksum = ?", mark.age_ms,
                      mark.wall_ms, age_checksum(mark));
}

std::string messages_text(const std::vector<ChatMessage>& messages,
                          const std::vector<ToolCall>& answer_calls) {
  Json list = Json::array();
  for (const ChatMessage& message : messages) {
    Json item = Json::array({message.role, message.content});
    if (!message.tool_calls.empty() || !message.tool_call_id.empty()) {
      item.push_back(calls_json(message.tool_calls));
      item.push_back(message.tool_call_id);
    }
    list.push_back(std::move(item));
  }
  if (!answer_calls.empty()) list.push_back(Json{{"calls", calls_json(answer_calls)}});
  return dump_json(list);
}

int64_t texts_bytes(const std::vector<ChatMessage>& messages) {
  size_t bytes = 0;
  for (const ChatMessage& message : messages) {
    bytes += message.content.size();
    for (const ToolCall& call : message.tool_calls) bytes += call.arguments.size();
  }
  return static_cast<int64_t>(bytes);
}

int64_t turn_bytes(const Turn& turn) {
  return texts_bytes(turn.messages) + static_cast<int64_t>(turn.answer.text.size());
}

Status take_back_turns(Session& session, std::vector<Turn>& turns, int64_t from) {
  const int64_t first = session.next_turn - session.num_turns;
  if (from < first || from > session.next_turn) {
    return Status::invalid_argument("from_turn is " + std::to_string(from) + " (" +
                                        std::to_string(first) + " to " +
                                        std::to_string(session.next_turn) + " in this session)",
                                    "from_turn", "out_of_range");
  }
  while (!turns.empty() && turns.back().number >= from) {
    session.num_bytes -= turn_bytes(turns.back());
    turns.pop_back();
  }
  session.num_turns = from - first;
  session.next_turn = from;
  return Status::ok();
}

}  // namespace youtu
