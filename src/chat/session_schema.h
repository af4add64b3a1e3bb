// The tables of the session file, and whether a file has them.
#pragma once

#include "chat/sqlite_database.h"
#include "youtu/status.h"

namespace youtu {

// Version 1 is the first. A newer program brings older files to its version; an older one refuses.
inline constexpr int64_t kSchemaVersion = 1;

enum class SchemaState {
  kEmpty,    // a new file
  kCurrent,  // tables and pages are as they should be
  kNewer,    // written by a newer program
  kDamaged,
};

// Reads the heads of all sessions, and of a small file everything. Fails where it cannot be read
// now; that it is damaged is no failure.
Result<SchemaState> inspect_schema(Database& database);

// REQUIRES: the file is empty.
Status create_schema(Database& database);

}  // namespace youtu
