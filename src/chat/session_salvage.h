// What can still be read of a damaged session file.
#pragma once

#include <cstdint>

#include "chat/sqlite_database.h"
#include "youtu/status.h"

namespace youtu {

// Copies every session that is whole, with all its turns as they were written. Returns how many.
// Fails only where the new file cannot be written; what cannot be read is left behind.
// REQUIRES: both files have the tables, as far as `damaged` still has anything; `fresh` is empty.
Result<int64_t> salvage_sessions(Database& damaged, Database& fresh);

}  // namespace youtu
