#include "chat/sqlite_database.h"

#include <sqlite3.h>

#include <utility>

namespace youtu {

namespace {

// Another program may look at the file meanwhile, as a backup does.
constexpr int kBusyTimeoutMs = 2000;
// No value of ours comes near it; a damaged file may claim more.
constexpr int kMaxValueBytes = 32 << 20;

Status unavailable(const std::string& why) {
  return {
      StatusCode::kUnavailable, "sessions cannot be stored now: " + why, {}, "storage_unavailable"};
}

DatabaseHealth health_after(int extended_code) {
  const int code = extended_code & 0xff;
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_FORMAT) {
    return DatabaseHealth::kDamaged;
  }
  const bool lost = extended_code == SQLITE_IOERR_FSYNC || extended_code == SQLITE_IOERR_DIR_FSYNC;
  return lost ? DatabaseHealth::kNotTrusted : DatabaseHealth::kGood;
}

}  // namespace

// Statement.

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void Statement::bind(int index, int64_t value) {
  CHECK(sqlite3_bind_int64(statement_.get(), index, value) == SQLITE_OK);
}

void Statement::bind(int index, std::string_view value) {
  // A null pointer would be NULL, which an empty text is not.
  const char* data = value.data() ? value.data() : "";
  CHECK(sqlite3_bind_text64(statement_.get(), index, data, value.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8) == SQLITE_OK);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_->failure();
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const auto* data =
      static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));  // before its size
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data ? std::string(data, static_cast<size_t>(size)) : std::string();
}

// Database.

void Database::Close::operator()(sqlite3* database) const {
  sqlite3_close_v2(database);
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                    SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  std::unique_ptr<Database> database(new Database(handle));  // also where opening failed
  if (code != SQLITE_OK) return database->failure();
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, kMaxValueBytes);
  sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  RETURN_IF_ERROR(database->execute("PRAGMA cell_size_check = ON"));
  return database;
}

Status Database::failure() {
  if (!database_) return unavailable("out of memory");
  const int code = sqlite3_extended_errcode(database_.get());
  const DatabaseHealth health = health_after(code);
  if (health != DatabaseHealth::kGood) health_ = health;
  return unavailable(std::string(sqlite3_errmsg(database_.get())) + " (SQLite code " +
                     std::to_string(code) + ")");
}

Status Database::execute(const char* sql) {
  const int code = sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status::ok() : failure();
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      &statement, nullptr);
  if (code != SQLITE_OK) return failure();
  return Statement(*this, statement);
}

Result<std::optional<int64_t>> Database::integer(std::string_view sql) {
  Result<Statement> statement = query(sql);
  RETURN_IF_ERROR(statement);
  const Result<bool> row = statement->step();
  RETURN_IF_ERROR(row);
  return *row ? std::optional<int64_t>(statement->integer(0)) : std::nullopt;
}

int64_t Database::num_changes() const {
  return sqlite3_changes64(database_.get());
}

int64_t Database::num_changes_ever() const {
  return sqlite3_total_changes64(database_.get());
}

// What the log does not hold any more is synced: SQLite does that before it begins the log anew.
Status Database::sync_log() {
  sqlite3_file* log = nullptr;
  const int code =
      sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (code != SQLITE_OK) return failure();
  if (log == nullptr || log->pMethods == nullptr) return Status::ok();  // nothing was written yet
  if (log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) == SQLITE_OK) return Status::ok();
  health_ = DatabaseHealth::kNotTrusted;
  return unavailable("the disk failed to keep what was written (fsync)");
}

// Transaction.

Result<Transaction> Transaction::begin(Database& database, bool sync) {
  RETURN_IF_ERROR(
      database.execute(sync ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"));
  RETURN_IF_ERROR(database.execute("BEGIN IMMEDIATE"));
  return Transaction(database);
}

Transaction::~Transaction() {
  // SQLite may have rolled back by itself already; then this fails, and nothing is left to undo.
  if (database_) (void)database_->execute("ROLLBACK");
}

Status Transaction::commit() {
  const Status status = database_->execute("COMMIT");
  if (status) database_ = nullptr;
  return status;
}

}  // namespace youtu
