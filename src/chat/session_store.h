// Where sessions are kept. All methods are thread-safe and may wait for the disk: they are for
// worker threads, never for a thread that serves many.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat/session.h"
#include "youtu/status.h"

namespace youtu {

// What sessions may take; it can change while the store is in use.
struct SessionLimits {
  std::chrono::milliseconds ttl{0};  // since the last turn; 0: for ever
  int64_t max_sessions = 100'000;
  int64_t max_session_bytes = 1 << 20;
};

struct Transcript {
  Session session;
  std::vector<Turn> turns;
};

struct CommittedTurn {
  int64_t number = 0;
  int64_t num_removed = 0;  // oldest turns that had to go from the disk (max_session_bytes)
};

// A turn on its way: from the question to the answer its session is this turn's alone. Destroying
// it without a commit leaves the session as it was; that needs no disk and may happen on any
// thread.
class OpenTurn {
 public:
  virtual ~OpenTurn() = default;
  virtual const Session& session() const = 0;            // before this turn
  virtual const std::vector<Turn>& history() const = 0;  // all turns before this one
  // Stores the turn. When it returns ok, the turn is there after a kill, and in durable mode after
  // a loss of power. Call once, on a worker thread. Errors: as SessionStore's.
  virtual Result<CommittedTurn> commit(const TurnAnswer& answer) = 0;
};

struct SessionPage {
  std::vector<Session> sessions;  // in the order of their ids
  bool has_more = false;
};

// Errors, by their reason: "session_not_found", "session_busy" (a turn is on its way),
// "session_exists", "session_limit" (max_sessions), "session_full" (max_session_bytes),
// "session_damaged" (its bytes are not those that were written), "storage_unavailable" (the disk is
// full, read-only or failing; other reasons than the last leave the store as it was).
class SessionStore {
 public:
  virtual ~SessionStore() = default;  // REQUIRES: no open turn is left

  // REQUIRES: an id that is_session_id(), or none.
  virtual Result<Session> create(const std::string& owner, const NewSession& session) = 0;
  // A new session of the same owner that begins with the turns up to `last_turn`, under their
  // numbers; the old one is left alone, also where a turn of it is on its way. Reason
  // "out_of_range" for a turn that is not there.
  virtual Result<Session> branch(const SessionKey& key, int64_t last_turn) = 0;
  virtual Result<Transcript> read(const SessionKey& key) = 0;
  // At most `limit` sessions whose ids come after `after`.
  virtual Result<SessionPage> list(const std::string& owner, const std::string& after,
                                   int64_t limit) = 0;
  virtual Status remove(const SessionKey& key) = 0;

  // Puts the question on the disk, so that a store that cannot be written says so before anything
  // is generated. With `from_turn` the new turn stands in place of that one and of all after it,
  // which the commit removes; the number after the last turn replaces none. Reason "out_of_range"
  // for a turn that is not there.
  virtual Result<std::shared_ptr<OpenTurn>> begin_turn(
      const SessionKey& key, const std::vector<ChatMessage>& messages,
      std::optional<int64_t> from_turn = std::nullopt) = 0;

  // Other limits from now on. Sessions beyond them stay until they expire or change. Never waits.
  virtual void set_limits(const SessionLimits& limits) = 0;

  // Waits until the disk has all that was stored, where turns do not wait for that themselves. To
  // be called as often as what a loss of power may take demands; without news it touches no disk.
  virtual Status sync() = 0;

  // Removes what has outlived its time, a bounded piece of it at a call. To be called now and then.
  virtual Status expire() = 0;
};

}  // namespace youtu
