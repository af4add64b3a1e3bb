#include "chat/session_schema.h"

#include <array>
#include <string>
#include <string_view>

namespace youtu {

namespace {

constexpr int64_t kApplicationId = 0x59545353;  // "YTSS", in the header of the file

// 64 MiB: some tenths of a second.
constexpr int64_t kMaxCheckedPages = 16'384;

// Kept by SQLite letter by letter, so a file of ours is known by them. In the order of their names.
constexpr std::array<std::string_view, 5> kTables = {
    // The question of a turn on its way. What a killed process leaves here never was a turn.
    "CREATE TABLE open_turns (session INTEGER PRIMARY KEY, messages TEXT NOT NULL) STRICT",
    "CREATE TABLE sessions (key INTEGER PRIMARY KEY, owner TEXT NOT NULL, id TEXT NOT NULL, "
    "title TEXT NOT NULL, system TEXT NOT NULL, policy TEXT NOT NULL, max_turns INTEGER NOT NULL, "
    "window_tokens INTEGER NOT NULL, created_ms INTEGER NOT NULL, checksum INTEGER NOT NULL, "
    "used_ms INTEGER NOT NULL, used_age_ms INTEGER NOT NULL, num_turns INTEGER NOT NULL, "
    "next_turn INTEGER NOT NULL, num_bytes INTEGER NOT NULL, UNIQUE (owner, id)) STRICT",
    "CREATE INDEX sessions_by_age ON sessions (used_age_ms)",
    // One row. The version is in the header of the file, too: where they differ, one is damaged.
    "CREATE TABLE store (schema_version INTEGER NOT NULL, age_ms INTEGER NOT NULL, "
    "wall_ms INTEGER NOT NULL, checksum INTEGER NOT NULL) STRICT",
    "CREATE TABLE turns (session INTEGER NOT NULL, number INTEGER NOT NULL, "
    "messages TEXT NOT NULL, answer TEXT NOT NULL, finish_reason TEXT NOT NULL, "
    "prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL, "
    "cached_tokens INTEGER NOT NULL, created_ms INTEGER NOT NULL, checksum INTEGER NOT NULL, "
    "PRIMARY KEY (session, number)) STRICT",
};

// A damaged file is a finding, every other failure one.
Result<SchemaState> damaged_or(Database& database, const Status& failure) {
  if (database.health() == DatabaseHealth::kDamaged) return SchemaState::kDamaged;
  return failure;
}

Result<bool> has_our_tables(Database& database) {
  Result<Statement> tables =
      database.query("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name");
  RETURN_IF_ERROR(tables);
  for (const std::string_view expected : kTables) {
    const Result<bool> row = tables->step();
    RETURN_IF_ERROR(row);
    if (!*row || tables->text(0) != expected) return false;
  }
  const Result<bool> more = tables->step();
  RETURN_IF_ERROR(more);
  return !*more;
}

Result<bool> passes(Database& database, const char* check_pragma) {
  Result<Statement> check = database.query(check_pragma);
  RETURN_IF_ERROR(check);
  const Result<bool> row = check->step();
  RETURN_IF_ERROR(row);
  return *row && check->text(0) == "ok";
}

// For the table of sessions that its indices say what it says: a session that an index does not
// find would seem to have never been. The pages of everything else only where that is quick; what
// is bad in a large file is noticed when it is read.
Result<bool> has_sound_pages(Database& database) {
  const auto num_pages = database.integer("PRAGMA page_count");
  RETURN_IF_ERROR(num_pages);
  const bool is_small = **num_pages <= kMaxCheckedPages;
  const Result<bool> everything = is_small ? passes(database, "PRAGMA quick_check(1)") : true;
  RETURN_IF_ERROR(everything);
  if (!*everything) return false;
  return passes(database, "PRAGMA integrity_check(sessions)");
}

Result<SchemaState> inspect(Database& database) {
  const auto num_entries = database.integer("SELECT COUNT(*) FROM sqlite_schema");
  RETURN_IF_ERROR(num_entries);
  const auto application = database.integer("PRAGMA application_id");
  RETURN_IF_ERROR(application);
  const auto header_version = database.integer("PRAGMA user_version");
  RETURN_IF_ERROR(header_version);
  if (**num_entries == 0 && **application == 0 && **header_version == 0) return SchemaState::kEmpty;
  if (**application != kApplicationId) return SchemaState::kDamaged;
  // A newer file still has this much of it.
  const auto has_version = database.integer(
      "SELECT COUNT(*) FROM pragma_table_info('store') WHERE name = 'schema_version'");
  RETURN_IF_ERROR(has_version);
  if (**has_version != 1) return SchemaState::kDamaged;
  const auto version = database.integer("SELECT schema_version FROM store");
  RETURN_IF_ERROR(version);
  if (*version != *header_version) return SchemaState::kDamaged;
  if (**version > kSchemaVersion) return SchemaState::kNewer;
  const Result<bool> tables = has_our_tables(database);
  RETURN_IF_ERROR(tables);
  if (**version != kSchemaVersion || !*tables) return SchemaState::kDamaged;
  const Result<bool> pages = has_sound_pages(database);
  RETURN_IF_ERROR(pages);
  return *pages ? SchemaState::kCurrent : SchemaState::kDamaged;
}

}  // namespace

Result<SchemaState> inspect_schema(Database& database) {
  Result<SchemaState> state = inspect(database);
  if (!state) return damaged_or(database, state.status());
  return state;
}

Status create_schema(Database& database) {
  Result<Transaction> transaction = Transaction::begin(database, /*sync=*/true);
  RETURN_IF_ERROR(transaction);
  for (const std::string_view table : kTables) RETURN_IF_ERROR(database.run(table));
  RETURN_IF_ERROR(database.run("INSERT INTO store VALUES (?, 0, 0, 0)", kSchemaVersion));
  const std::string header = "PRAGMA application_id = " + std::to_string(kApplicationId) +
                             "; PRAGMA user_version = " + std::to_string(kSchemaVersion);
  RETURN_IF_ERROR(database.execute(header.c_str()));
  return transaction->commit();
}

}  // namespace youtu
