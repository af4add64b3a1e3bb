// Sessions in one SQLite file, sessions.db of the data folder.
//
// Nothing of an idle session is in memory. A file that turns out damaged, at the start or later, is
// put aside under another name, what can be read of it is copied into a new one, and both are
// reported. A disk that is full or read-only refuses turns; nothing needs a restart when it is well
// again. A disk that lost what it had taken (a failed fsync) is not believed again until a restart.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "chat/session_store.h"

namespace youtu {

struct SqliteSessionOptions {
  std::string folder;
  bool durable = true;  // a commit waits for the disk; else sync() does, for all since the last one
  SessionLimits limits;
  bool trust_clock = false;  // count the time between two runs even where it is more than a day
  const WallClock* clock = &system_clock();
  std::function<void(const std::string&)> report = [](const std::string&) {};  // one line each
};

// Holds the folder for this process. Errors say what is wrong with the folder or the file; a file
// of a newer program is refused.
Result<std::unique_ptr<SessionStore>> open_sqlite_sessions(SqliteSessionOptions options);

}  // namespace youtu
