#include "chat/sqlite_session_store.h"

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "base/check.h"
#include "chat/busy_sessions.h"
#include "chat/data_folder.h"
#include "chat/guarded_database.h"
#include "chat/session_rows.h"

namespace youtu {

namespace {

// Sessions that one expire() removes: some milliseconds of the disk's time.
constexpr int64_t kMaxExpiredAtOnce = 200;
constexpr int64_t kHourMs = 3'600'000;

Status session_error(StatusCode code, const std::string& reason, const std::string& message) {
  return {code, message, "session_id", reason};
}
Status not_found(const std::string& id) {
  return session_error(StatusCode::kNotFound, "session_not_found",
                       "there is no session " + id + " (POST /sessions makes one)");
}
Status busy(const std::string& id) {
  return session_error(StatusCode::kFailedPrecondition, "session_busy",
                       "session " + id + " has a turn on its way");
}
Status full(int64_t bytes, int64_t limit) {
  return session_error(StatusCode::kFailedPrecondition, "session_full",
                       "the session would have " + std::to_string(bytes) + " bytes (at most " +
                           std::to_string(limit) + ", max_session_bytes)");
}

class SqliteOpenTurn;

class SqliteSessionStore : public SessionStore {
 public:
  SqliteSessionStore(SqliteSessionOptions options, DataFolder folder)
      : options_(std::move(options)),
        limits_(options_.limits),
        folder_(std::move(folder)),
        database_({.path = folder_.path() + "/sessions.db",
                   .report = options_.report,
                   .prepare = [this](Database& database) { return prepare(database); }}) {}
  ~SqliteSessionStore() override {
    if (!age_) return;
    (void)database_.use([this](Database& database) {  // a missing mark only delays session_ttl
      return write_age_mark(database, age_->mark());
    });
  }

  Status open() { return database_.open(); }
  Result<Session> create(const std::string& owner, const NewSession& session) override;
  Result<Session> branch(const SessionKey& key, int64_t last_turn) override;
  Result<Transcript> read(const SessionKey& key) override;
  Result<SessionPage> list(const std::string& owner, const std::string& after,
                           int64_t limit) override;
  Status remove(const SessionKey& key) override;
  Result<std::shared_ptr<OpenTurn>> begin_turn(const SessionKey& key,
                                               const std::vector<ChatMessage>& messages,
                                               std::optional<int64_t> from_turn) override;
  void set_limits(const SessionLimits& limits) override {
    const std::scoped_lock lock(limits_mutex_);
    limits_ = limits;
  }
  Status sync() override;
  Status expire() override;
  Result<CommittedTurn> commit(const SqliteOpenTurn& open, const TurnAnswer& answer);

 private:
  // A row that is there, whether it is damaged or has expired.
  struct Present {
    int64_t key = 0;
    int64_t used_age_ms = 0;
  };
  Status prepare(Database& database);
  Result<std::optional<Present>> look_up(Database& database, const SessionKey& key);
  Result<SessionRow> find_row(Database& database, const SessionKey& key);
  Result<std::vector<Turn>> read_reported_turns(Database& database, const SessionRow& row);
  Status check_size(const SessionRow& row, const std::vector<ChatMessage>& messages) const;
  Status insert_session(Database& database, SessionRow& row, const std::vector<Turn>& turns = {});
  Status remove_rows(Database& database, int64_t key);
  Status expire_some(Database& database);
  bool is_expired(int64_t used_age_ms) const { return used_age_ms <= oldest_ms(); }
  // The age at which sessions end; before all ages where they never do.
  int64_t oldest_ms() const {
    const int64_t ttl_ms = limits().ttl.count();
    return ttl_ms == 0 ? INT64_MIN : age_->now_ms() - ttl_ms;
  }

  SessionLimits limits() const {
    const std::scoped_lock lock(limits_mutex_);
    return limits_;
  }

  const SqliteSessionOptions options_;
  mutable std::mutex limits_mutex_;
  SessionLimits limits_;
  const DataFolder folder_;
  BusySessions busy_;
  std::optional<SessionAge> age_;  // as num_sessions_, only used with the database
  int64_t num_sessions_ = 0;
  int64_t num_synced_changes_ = 0;
  GuardedDatabase database_;
};

class SqliteOpenTurn : public OpenTurn {
 public:
  SqliteOpenTurn(SqliteSessionStore& store, BusySessions::Hold hold, SessionRow row,
                 std::vector<Turn> history, std::vector<ChatMessage> messages)
      : store_(store),
        hold_(std::move(hold)),
        row_(std::move(row)),
        history_(std::move(history)),
        messages_(std::move(messages)) {}

  const Session& session() const override { return row_.session; }
  const std::vector<Turn>& history() const override { return history_; }
  Result<CommittedTurn> commit(const TurnAnswer& answer) override {
    return store_.commit(*this, answer);
  }
  const SessionRow& row() const { return row_; }
  const std::vector<ChatMessage>& messages() const { return messages_; }

 private:
  SqliteSessionStore& store_;
  const BusySessions::Hold hold_;
  const SessionRow row_;
  const std::vector<Turn> history_;
  const std::vector<ChatMessage> messages_;
};

// After the file has been opened.
Status SqliteSessionStore::prepare(Database& database) {
  RETURN_IF_ERROR(database.run("DELETE FROM open_turns"));
  const auto num_sessions = database.integer("SELECT COUNT(*) FROM sessions");
  RETURN_IF_ERROR(num_sessions);
  num_sessions_ = **num_sessions;
  num_synced_changes_ = 0;  // of another connection
  if (!age_) {
    Result<std::optional<SessionAge::Mark>> mark = read_age_mark(database);
    RETURN_IF_ERROR(mark);
    // Without a mark no time has passed since the last turn.
    const auto last_use = database.integer("SELECT MAX(used_age_ms) FROM sessions");
    RETURN_IF_ERROR(last_use);
    if (!*mark) *mark = {**last_use, options_.clock->wall_ms()};
    age_.emplace(*options_.clock, *mark, options_.trust_clock);
    if (age_->uncounted_ms() != 0) {
      options_.report("sessions: the clock has moved by " +
                      std::to_string(age_->uncounted_ms() / kHourMs) +
                      " hours since the last run, which session_ttl does not count; if the clock "
                      "is right, start once with trust_clock");
    }
  }
  return write_age_mark(database, age_->mark());
}

// Finding.

Result<std::optional<SqliteSessionStore::Present>> SqliteSessionStore::look_up(
    Database& database, const SessionKey& key) {
  Result<Statement> rows = database.query(
      "SELECT key, used_age_ms FROM sessions WHERE owner = ? AND id = ?", key.owner, key.id);
  RETURN_IF_ERROR(rows);
  const Result<bool> has_row = rows->step();
  RETURN_IF_ERROR(has_row);
  if (!*has_row) return std::optional<Present>();
  return std::optional<Present>({rows->integer(0), rows->integer(1)});
}

Result<SessionRow> SqliteSessionStore::find_row(Database& database, const SessionKey& key) {
  Result<Statement> rows = database.query(
      std::string(kSelectSessions) + "WHERE owner = ? AND id = ?", key.owner, key.id);
  RETURN_IF_ERROR(rows);
  const Result<bool> has_row = rows->step();
  RETURN_IF_ERROR(has_row);
  if (!*has_row) return not_found(key.id);
  Result<SessionRow> row = read_session_row(*rows);
  if (!row) options_.report("sessions: " + row.status().message());
  if (row && is_expired(row->used_age_ms)) return not_found(key.id);
  return row;
}

Result<std::vector<Turn>> SqliteSessionStore::read_reported_turns(Database& database,
                                                                  const SessionRow& row) {
  Result<std::vector<Turn>> turns = read_turns(database, row);
  if (!turns) options_.report("sessions: " + turns.status().message());
  return turns;
}

Result<Transcript> SqliteSessionStore::read(const SessionKey& key) {
  return database_.use([&](Database& database) -> Result<Transcript> {
    Result<SessionRow> row = find_row(database, key);
    RETURN_IF_ERROR(row);
    Result<std::vector<Turn>> turns = read_reported_turns(database, *row);
    RETURN_IF_ERROR(turns);
    return Transcript{std::move(row->session), *std::move(turns)};
  });
}

Result<SessionPage> SqliteSessionStore::list(const std::string& owner, const std::string& after,
                                             int64_t limit) {
  return database_.use([&](Database& database) -> Result<SessionPage> {
    Result<Statement> rows =
        database.query(std::string(kSelectSessions) +
                           "WHERE owner = ? AND id > ? AND used_age_ms > ? ORDER BY id LIMIT ?",
                       owner, after, oldest_ms(), limit + 1);
    RETURN_IF_ERROR(rows);
    SessionPage page;
    for (;;) {
      const Result<bool> has_row = rows->step();
      RETURN_IF_ERROR(has_row);
      if (!*has_row) return page;
      page.has_more = static_cast<int64_t>(page.sessions.size()) == limit;
      if (page.has_more) return page;
      Result<SessionRow> row = read_session_row(*rows);
      RETURN_IF_ERROR(row);
      page.sessions.push_back(std::move(row->session));
    }
  });
}

// Making and removing.

Result<Session> SqliteSessionStore::create(const std::string& owner, const NewSession& session) {
  CHECK(session.id.empty() || is_session_id(session.id));
  SessionRow row;
  row.owner = owner;
  row.session.id = session.id.empty() ? make_session_id() : session.id;
  row.session.title = session.title;
  row.session.system = session.system;
  row.session.history = session.history;
  row.session.num_bytes = static_cast<int64_t>(session.title.size() + session.system.size());
  RETURN_IF_ERROR(check_size(row, {}));
  const std::optional<BusySessions::Hold> hold = busy_.try_hold({owner, row.session.id});
  if (!hold) return busy(row.session.id);
  return database_.use([&](Database& database) -> Result<Session> {
    RETURN_IF_ERROR(insert_session(database, row));
    return row.session;
  });
}

Result<Session> SqliteSessionStore::branch(const SessionKey& key, int64_t last_turn) {
  return database_.use([&](Database& database) -> Result<Session> {
    Result<SessionRow> row = find_row(database, key);
    RETURN_IF_ERROR(row);
    Result<std::vector<Turn>> turns = read_reported_turns(database, *row);
    RETURN_IF_ERROR(turns);
    const bool has_turn = std::any_of(turns->begin(), turns->end(), [last_turn](const Turn& turn) {
      return turn.number == last_turn;
    });
    if (!has_turn) {
      return session_error(StatusCode::kInvalidArgument, "out_of_range",
                           "session " + key.id + " has no turn " + std::to_string(last_turn));
    }
    RETURN_IF_ERROR(take_back_turns(row->session, *turns, last_turn + 1));
    row->key = 0;
    row->session.id = make_session_id();
    RETURN_IF_ERROR(insert_session(database, *row, *turns));
    return row->session;
  });
}

// Used for the first time now.
Status SqliteSessionStore::insert_session(Database& database, SessionRow& row,
                                          const std::vector<Turn>& turns) {
  row.session.created_ms = row.session.used_ms = options_.clock->wall_ms();
  row.used_age_ms = age_->now_ms();
  const int64_t max_sessions = limits().max_sessions;
  if (num_sessions_ >= max_sessions) RETURN_IF_ERROR(expire_some(database));
  const Result<std::optional<Present>> present = look_up(database, {row.owner, row.session.id});
  RETURN_IF_ERROR(present);
  if (*present && !is_expired((*present)->used_age_ms)) {
    return session_error(StatusCode::kFailedPrecondition, "session_exists",
                         "there is a session " + row.session.id + " already");
  }
  if (num_sessions_ >= max_sessions) {
    return session_error(StatusCode::kResourceExhausted, "session_limit",
                         "there are " + std::to_string(num_sessions_) + " sessions (at most " +
                             std::to_string(max_sessions) + ", max_sessions)");
  }
  Result<Transaction> transaction = Transaction::begin(database, options_.durable);
  RETURN_IF_ERROR(transaction);
  if (*present) RETURN_IF_ERROR(remove_rows(database, (*present)->key));
  RETURN_IF_ERROR(insert_session_row(database, row));
  const Result<std::optional<Present>> inserted = look_up(database, {row.owner, row.session.id});
  RETURN_IF_ERROR(inserted);
  for (const Turn& turn : turns) RETURN_IF_ERROR(insert_turn(database, (*inserted)->key, turn));
  RETURN_IF_ERROR(transaction->commit());
  if (!*present) ++num_sessions_;
  return Status::ok();
}

Status SqliteSessionStore::remove_rows(Database& database, int64_t key) {
  RETURN_IF_ERROR(database.run("DELETE FROM turns WHERE session = ?", key));
  RETURN_IF_ERROR(database.run("DELETE FROM open_turns WHERE session = ?", key));
  return database.run("DELETE FROM sessions WHERE key = ?", key);
}

// Also what is damaged can be removed.
Status SqliteSessionStore::remove(const SessionKey& key) {
  const std::optional<BusySessions::Hold> hold = busy_.try_hold(key);
  if (!hold) return busy(key.id);
  return database_.use([&](Database& database) -> Status {
    const Result<std::optional<Present>> present = look_up(database, key);
    RETURN_IF_ERROR(present);
    if (!*present || is_expired((*present)->used_age_ms)) return not_found(key.id);
    Result<Transaction> transaction = Transaction::begin(database, options_.durable);
    RETURN_IF_ERROR(transaction);
    RETURN_IF_ERROR(remove_rows(database, (*present)->key));
    RETURN_IF_ERROR(transaction->commit());
    --num_sessions_;
    return Status::ok();
  });
}

Status SqliteSessionStore::sync() {
  if (options_.durable) return Status::ok();
  return database_.use([this](Database& database) {
    const int64_t changes = database.num_changes_ever();
    if (changes == num_synced_changes_) return Status::ok();
    RETURN_IF_ERROR(database.sync_log());
    num_synced_changes_ = changes;
    return Status::ok();
  });
}

Status SqliteSessionStore::expire() {
  return database_.use([&](Database& database) -> Status {
    RETURN_IF_ERROR(write_age_mark(database, age_->mark()));
    return expire_some(database);
  });
}

// A session that has a turn on its way is not yet over.
Status SqliteSessionStore::expire_some(Database& database) {
  std::vector<BusySessions::Hold> holds;
  std::vector<int64_t> keys;
  {
    Result<Statement> rows = database.query(
        "SELECT key, owner, id FROM sessions WHERE used_age_ms <= ? ORDER BY used_age_ms LIMIT ?",
        oldest_ms(), kMaxExpiredAtOnce);
    RETURN_IF_ERROR(rows);
    for (;;) {
      const Result<bool> has_row = rows->step();
      RETURN_IF_ERROR(has_row);
      if (!*has_row) break;
      std::optional<BusySessions::Hold> hold = busy_.try_hold({rows->text(1), rows->text(2)});
      if (!hold) continue;
      holds.push_back(*std::move(hold));
      keys.push_back(rows->integer(0));
    }
  }
  if (keys.empty()) return Status::ok();
  Result<Transaction> transaction = Transaction::begin(database, options_.durable);
  RETURN_IF_ERROR(transaction);
  for (const int64_t key : keys) RETURN_IF_ERROR(remove_rows(database, key));
  RETURN_IF_ERROR(transaction->commit());
  num_sessions_ -= static_cast<int64_t>(keys.size());
  return Status::ok();
}

// Turns.

// Where turns may be dropped, a session never gets full of them; its head and one question must
// fit.
Status SqliteSessionStore::check_size(const SessionRow& row,
                                      const std::vector<ChatMessage>& messages) const {
  const Session& session = row.session;
  const bool keeps_all = session.history.policy == HistoryPolicy::kError;
  const int64_t head = static_cast<int64_t>(session.title.size() + session.system.size());
  const int64_t bytes = (keeps_all ? session.num_bytes : head) + texts_bytes(messages);
  const int64_t limit = limits().max_session_bytes;
  return bytes > limit ? full(bytes, limit) : Status::ok();
}

Result<std::shared_ptr<OpenTurn>> SqliteSessionStore::begin_turn(
    const SessionKey& key, const std::vector<ChatMessage>& messages,
    std::optional<int64_t> from_turn) {
  std::optional<BusySessions::Hold> hold = busy_.try_hold(key);
  if (!hold) return busy(key.id);
  return database_.use([&](Database& database) -> Result<std::shared_ptr<OpenTurn>> {
    Result<SessionRow> row = find_row(database, key);
    RETURN_IF_ERROR(row);
    Result<std::vector<Turn>> history = read_reported_turns(database, *row);
    RETURN_IF_ERROR(history);
    if (from_turn) RETURN_IF_ERROR(take_back_turns(row->session, *history, *from_turn));
    RETURN_IF_ERROR(check_size(*row, messages));
    // It need not outlive anything: it shows that the disk takes what is written.
    Result<Transaction> transaction = Transaction::begin(database, /*sync=*/false);
    RETURN_IF_ERROR(transaction);
    RETURN_IF_ERROR(database.run("INSERT OR REPLACE INTO open_turns VALUES (?, ?)", row->key,
                                 messages_text(messages)));
    RETURN_IF_ERROR(transaction->commit());
    return std::shared_ptr<OpenTurn>(std::make_shared<SqliteOpenTurn>(
        *this, *std::move(hold), *std::move(row), *std::move(history), messages));
  });
}

Result<CommittedTurn> SqliteSessionStore::commit(const SqliteOpenTurn& open,
                                                 const TurnAnswer& answer) {
  SessionRow row = open.row();
  Session& session = row.session;
  Turn turn;
  turn.number = session.next_turn;
  turn.messages = open.messages();
  turn.answer = answer;
  turn.created_ms = session.used_ms = options_.clock->wall_ms();
  CommittedTurn committed;
  committed.number = turn.number;
  session.num_bytes += turn_bytes(turn);
  for (const Turn& old : open.history()) {
    const bool fits = session.num_bytes <= limits().max_session_bytes;
    if (fits || session.history.policy == HistoryPolicy::kError) break;
    session.num_bytes -= turn_bytes(old);
    ++committed.num_removed;
  }
  session.num_turns += 1 - committed.num_removed;
  ++session.next_turn;
  return database_.use([&](Database& database) -> Result<CommittedTurn> {
    row.used_age_ms = age_->now_ms();
    Result<Transaction> transaction = Transaction::begin(database, options_.durable);
    RETURN_IF_ERROR(transaction);
    // The session could have been lost with a damaged file while the answer was written.
    const Result<std::optional<Present>> present = look_up(database, {row.owner, session.id});
    RETURN_IF_ERROR(present);
    if (!*present || (*present)->key != row.key) return not_found(session.id);
    RETURN_IF_ERROR(update_session_row(database, row));
    RETURN_IF_ERROR(
        database.run("DELETE FROM turns WHERE session = ? AND (number < ? OR number >= ?)", row.key,
                     session.next_turn - session.num_turns, turn.number));
    RETURN_IF_ERROR(insert_turn(database, row.key, turn));
    RETURN_IF_ERROR(database.run("DELETE FROM open_turns WHERE session = ?", row.key));
    RETURN_IF_ERROR(transaction->commit());
    return committed;
  });
}

}  // namespace

Result<std::unique_ptr<SessionStore>> open_sqlite_sessions(SqliteSessionOptions options) {
  Result<DataFolder> folder = DataFolder::open(options.folder);
  RETURN_IF_ERROR(folder);
  auto store = std::make_unique<SqliteSessionStore>(std::move(options), *std::move(folder));
  if (const Status status = store->open(); !status) {
    return status.with_prefix("data_dir: ");
  }
  return std::unique_ptr<SessionStore>(std::move(store));
}

}  // namespace youtu
