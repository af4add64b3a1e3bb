#include "chat/session_file.h"

#include <array>
#include <ctime>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "chat/session_salvage.h"
#include "chat/session_schema.h"

namespace youtu {

namespace {

namespace fs = std::filesystem;

std::string utc_stamp() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 24> text{};
  const size_t size = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &utc);
  return std::string(text.data(), size);
}

std::string unused_name(const std::string& wanted) {
  std::string name = wanted;
  for (int i = 2; fs::exists(fs::symlink_status(name)); ++i) {
    name = wanted + "-" + std::to_string(i);
  }
  return name;
}

// What SQLite may keep beside a database.
constexpr std::array<std::string_view, 3> kSideFiles = {"-wal", "-shm", "-journal"};

Status renamed(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (!error) return Status::ok();
  return {StatusCode::kUnavailable,
          "cannot rename " + from + ": " + error.message(),
          {},
          "storage_unavailable"};
}

void remove_database(const std::string& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
  for (const std::string_view ending : kSideFiles) fs::remove(path + std::string(ending), ignored);
}

Status rename_side_files(const std::string& from, const std::string& to) {
  for (const std::string_view ending : kSideFiles) {
    const std::string side = from + std::string(ending);
    if (fs::exists(side)) RETURN_IF_ERROR(renamed(side, to + std::string(ending)));
  }
  return Status::ok();
}

Status rename_database(const std::string& from, const std::string& to) {
  RETURN_IF_ERROR(renamed(from, to));
  return rename_side_files(from, to);
}

Status use_write_ahead_log(Database& database) {
  Result<Statement> mode = database.query("PRAGMA journal_mode = WAL");
  RETURN_IF_ERROR(mode);
  const Result<bool> row = mode->step();
  RETURN_IF_ERROR(row);
  if (*row && mode->text(0) == "wal") return Status::ok();
  return {StatusCode::kUnavailable,
          "sessions cannot be stored now: the folder takes no write-ahead log",
          {},
          "storage_unavailable"};
}

Result<std::unique_ptr<Database>> make_database(const std::string& path) {
  Result<std::unique_ptr<Database>> database = Database::open(path);
  RETURN_IF_ERROR(database);
  RETURN_IF_ERROR(use_write_ahead_log(**database));
  RETURN_IF_ERROR(create_schema(**database));
  return database;
}

// The new file is complete before the damaged one leaves its place.
Status put_aside(const SessionFileOptions& options) {
  const std::string fresh_path = options.path + ".salvaged";
  remove_database(fresh_path);
  int64_t num_kept = 0;
  {
    Result<std::unique_ptr<Database>> fresh = make_database(fresh_path);
    RETURN_IF_ERROR(fresh);
    Result<std::unique_ptr<Database>> damaged = Database::open(options.path);
    RETURN_IF_ERROR(damaged);
    const Result<int64_t> salvaged = salvage_sessions(**damaged, **fresh);
    RETURN_IF_ERROR(salvaged);
    num_kept = *salvaged;
  }
  const std::string kept_as = unused_name(options.path + ".damaged-" + utc_stamp());
  RETURN_IF_ERROR(rename_database(options.path, kept_as));
  RETURN_IF_ERROR(rename_database(fresh_path, options.path));
  options.report("sessions: " + options.path + " is damaged and kept as " + kept_as + "; " +
                 std::to_string(num_kept) + " sessions of it could be read and go on");
  return Status::ok();
}

// A salvage that was interrupted among its renames. A log that is left at the old place is the
// damaged file's, and SQLite would take it for the new one's.
Status complete_salvage(const std::string& path) {
  const std::string fresh_path = path + ".salvaged";
  if (fs::exists(path) || !fs::exists(fresh_path)) return Status::ok();
  RETURN_IF_ERROR(rename_side_files(path, unused_name(path + ".damaged-" + utc_stamp())));
  return rename_database(fresh_path, path);
}

}  // namespace

Result<std::unique_ptr<Database>> open_session_file(const SessionFileOptions& options) {
  RETURN_IF_ERROR(complete_salvage(options.path));
  SchemaState state = SchemaState::kDamaged;
  if (!options.is_damaged) {
    const Result<std::unique_ptr<Database>> database = Database::open(options.path);
    RETURN_IF_ERROR(database);
    const Result<SchemaState> found = inspect_schema(**database);
    RETURN_IF_ERROR(found);
    state = *found;
  }
  if (state == SchemaState::kNewer) {
    return Status::failed_precondition(options.path +
                                       " was written by a newer version of this program");
  }
  if (state == SchemaState::kEmpty) return make_database(options.path);
  if (state == SchemaState::kDamaged) RETURN_IF_ERROR(put_aside(options));
  Result<std::unique_ptr<Database>> database = Database::open(options.path);
  RETURN_IF_ERROR(database);
  RETURN_IF_ERROR(use_write_ahead_log(**database));
  return database;
}

}  // namespace youtu
