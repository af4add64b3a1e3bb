// The session file in use: one user at a time, and closed or put aside when it fails.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "chat/sqlite_database.h"

namespace youtu {

// Thread-safe. What fails for a while (a full disk) fails that use only; a file that turns out
// damaged is put aside and the next use has a new one; after a failed fsync every use fails.
class GuardedDatabase {
 public:
  struct Options {
    std::string path;
    std::function<void(const std::string&)> report;
    std::function<Status(Database&)> prepare;  // called each time the file has been opened
  };
  explicit GuardedDatabase(Options options) : options_(std::move(options)) {}

  Status open() {
    return use([](Database&) { return Status::ok(); });
  }

  // What `work` returns, a Status or a Result, for the database; it has the file alone meanwhile.
  template <typename Work>
  auto use(const Work& work) -> decltype(work(std::declval<Database&>())) {
    const std::lock_guard lock(mutex_);
    RETURN_IF_ERROR(make_usable());
    auto result = work(*database_);
    if (!result.is_ok()) look_after_failure();
    return result;
  }

 private:
  Status make_usable();
  void look_after_failure();

  const Options options_;
  std::mutex mutex_;  // of all below, and of what `prepare` and `work` keep
  std::unique_ptr<Database> database_;
  bool is_damaged_ = false;
  bool is_not_trusted_ = false;
};

}  // namespace youtu
