#include "chat/session_salvage.h"

#include <set>
#include <string>

#include "base/check.h"
#include "chat/session_rows.h"

namespace youtu {

namespace {

class Salvage {
 public:
  Salvage(Database& damaged, Database& fresh) : damaged_(damaged), fresh_(fresh) {}

  // The heads in one direction, until a page cannot be read. From both ends they reach everything
  // but what lies between two bad pages.
  Status copy_in_order(std::string_view order) {
    const std::string sql = std::string(kSelectSessions) + "ORDER BY key " + std::string(order);
    Result<Statement> rows = damaged_.query(sql);
    if (!rows) return Status::ok();
    for (;;) {
      const Result<bool> has_row = rows->step();
      if (!has_row || !*has_row) return Status::ok();
      const Result<SessionRow> row = read_session_row(*rows);
      if (row && seen_.insert(row->key).second) RETURN_IF_ERROR(copy(*row));
    }
  }

  int64_t num_copied() const { return num_copied_; }

 private:
  Status copy(const SessionRow& row) {
    const Result<std::vector<Turn>> turns = read_turns(damaged_, row);
    if (!turns) return Status::ok();
    RETURN_IF_ERROR(insert_session_row(fresh_, row));
    for (const Turn& turn : *turns) RETURN_IF_ERROR(insert_turn(fresh_, row.key, turn));
    ++num_copied_;
    return Status::ok();
  }

  Database& damaged_;
  Database& fresh_;
  std::set<int64_t> seen_;  // keys
  int64_t num_copied_ = 0;
};

}  // namespace

Result<int64_t> salvage_sessions(Database& damaged, Database& fresh) {
  Result<Transaction> transaction = Transaction::begin(fresh, /*sync=*/true);
  RETURN_IF_ERROR(transaction);
  Salvage salvage(damaged, fresh);
  RETURN_IF_ERROR(salvage.copy_in_order("ASC"));
  RETURN_IF_ERROR(salvage.copy_in_order("DESC"));
  RETURN_IF_ERROR(transaction->commit());
  return salvage.num_copied();
}

}  // namespace youtu
