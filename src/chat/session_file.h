// The session file on the disk: opened, made, or mended by leaving behind what cannot be read.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "chat/sqlite_database.h"

namespace youtu {

struct SessionFileOptions {
  std::string path;
  // It was found to be damaged while it was in use, whatever a check says now.
  bool is_damaged = false;
  std::function<void(const std::string&)> report;
};

// A database with the tables of session_schema.h. A damaged file is renamed to
// <path>.damaged-<time>, and its whole sessions are in the new one. Interrupted at any moment, it
// is done again or completed by the next call. Fails where the file is a newer program's or the
// disk does not let it be read or written. REQUIRES: no other connection of this program is open.
Result<std::unique_ptr<Database>> open_session_file(const SessionFileOptions& options);

}  // namespace youtu
