#include "chat/guarded_database.h"

#include "chat/session_file.h"

namespace youtu {

Status GuardedDatabase::make_usable() {
  if (is_not_trusted_) {
    return {StatusCode::kUnavailable,
            "sessions cannot be stored until the server is started again: the disk has lost what "
            "was written",
            {},
            "storage_unavailable"};
  }
  if (database_) return Status::ok();
  Result<std::unique_ptr<Database>> database =
      open_session_file({options_.path, is_damaged_, options_.report});
  RETURN_IF_ERROR(database);
  RETURN_IF_ERROR(options_.prepare(**database));
  is_damaged_ = false;
  database_ = *std::move(database);
  return Status::ok();
}

void GuardedDatabase::look_after_failure() {
  const DatabaseHealth health = database_->health();
  if (health == DatabaseHealth::kGood) return;
  database_.reset();
  is_damaged_ = health == DatabaseHealth::kDamaged;
  is_not_trusted_ = health == DatabaseHealth::kNotTrusted;
  if (is_not_trusted_) {
    options_.report(
        "sessions: the disk failed to keep what was written (fsync); sessions are refused until "
        "the next start");
  }
}

}  // namespace youtu
