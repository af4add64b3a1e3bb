// SQLite's C interface as types that clean up after themselves, and its errors as Statuses.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "youtu/status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace youtu {

// What a failure says about the database, beyond that it failed.
enum class DatabaseHealth {
  kGood,
  kDamaged,     // the file is not what was written
  kNotTrusted,  // the disk lost what it had taken (a failed fsync): no later success would be true
};

// A prepared statement with its values. Each step() gives a row or says that there are no more.
class Statement {
 public:
  Statement(Statement&&) = default;

  Result<bool> step();
  int64_t integer(int column) const;
  std::string text(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(class Database& database, sqlite3_stmt* statement)
      : database_(&database), statement_(statement) {}
  void bind(int index, int64_t value);
  void bind(int index, std::string_view value);

  class Database* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// One connection; one thread at a time. Errors are kUnavailable with reason "storage_unavailable".
class Database {
 public:
  // Opens or makes the file. Neither its schema nor its contents are trusted.
  static Result<std::unique_ptr<Database>> open(const std::string& path);

  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Statements without values, separated by semicolons.
  Status execute(const char* sql);
  // One statement, its values in the order of its question marks. REQUIRES: `sql` is right.
  template <typename... Values>
  Result<Statement> query(std::string_view sql, const Values&... values) {
    Result<Statement> statement = prepare(sql);
    int index = 0;
    if (statement) (statement->bind(++index, values), ...);
    return statement;
  }
  // A query that gives no rows.
  template <typename... Values>
  Status run(std::string_view sql, const Values&... values) {
    Result<Statement> statement = query(sql, values...);
    RETURN_IF_ERROR(statement);
    const Result<bool> row = statement->step();
    RETURN_IF_ERROR(row);
    return Status::ok();
  }
  // The integer in the first column of the first row; none without a row.
  Result<std::optional<int64_t>> integer(std::string_view sql);
  int64_t num_changes() const;       // rows that the last run() wrote or removed
  int64_t num_changes_ever() const;  // of this connection, those of transactions rolled back, too
  // Waits until the disk has all that was committed. REQUIRES: a database with a write-ahead log.
  Status sync_log();

  DatabaseHealth health() const { return health_; }

 private:
  friend class Statement;
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Database(sqlite3* database) : database_(database) {}
  Result<Statement> prepare(std::string_view sql);
  Status failure();  // of the last call

  std::unique_ptr<sqlite3, Close> database_;
  DatabaseHealth health_ = DatabaseHealth::kGood;
};

// All or nothing: rolled back unless committed. REQUIRES: the database outlives it.
class Transaction {
 public:
  // With `sync` the commit waits until the disk has it.
  static Result<Transaction> begin(Database& database, bool sync);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  ~Transaction();
  Status commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace youtu
