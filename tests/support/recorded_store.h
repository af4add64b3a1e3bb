// A session store on a recorded disk, and book kept of what it has promised.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/sqlite_session_store.h"
#include "tests/support/disk_recording.h"
#include "tests/support/fake_clock.h"
#include "tests/support/lossy_disk.h"
#include "tests/support/stored_talk.h"

namespace youtu::test {

using Turns = std::vector<std::string>;         // "number:question>answer"
using Sessions = std::map<std::string, Turns>;  // "!" and a reason for what cannot be read

// A store and short ways to use it.
class OpenStore {
 public:
  static constexpr int64_t kMaxSessionBytes = 30'000;
  // SQLite copies its log into the database and begins it anew every so many pages: 1000, which no
  // test of this size would reach.
  static constexpr int kCheckpointPages = 12;

  OpenStore(const std::string& folder, bool is_durable, const FakeClock& clock) {
    SqliteSessionOptions options;
    options.folder = folder;
    options.durable = is_durable;
    options.clock = &clock;
    options.limits = {.max_session_bytes = kMaxSessionBytes};
    options.report = [this](const std::string& line) { reports_ += line + "\n"; };
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(remember_connection));
    auto store = open_sqlite_sessions(options);
    sqlite3_reset_auto_extension();
    if (!store) reports_ += store.status().message() + "\n";
    if (!store) return;
    store_ = *std::move(store);
    sqlite3_wal_autocheckpoint(last_connection, kCheckpointPages);
  }

  bool is_open() const { return store_ != nullptr; }
  const std::string& reports() const { return reports_; }  // empty where all is well
  SessionStore* operator->() { return store_.get(); }

  Status create(const std::string& id) { return create_session(*store_, id); }
  Result<CommittedTurn> say(const std::string& id, const std::string& question,
                            const std::string& answer, std::optional<int64_t> from_turn = {}) {
    return test::say(*store_, id, question, answer, from_turn);
  }
  Sessions sessions() {
    const auto page = store_->list("", "", 100);
    if (!page) return {{"!" + page.status().reason(), {}}};
    Sessions all;
    for (const Session& session : page->sessions) all[session.id] = turns(session.id);
    return all;
  }

 private:
  Turns turns(const std::string& id) {
    const auto read = store_->read({"", id});
    if (!read) return {"!" + read.status().reason()};
    Turns all;
    for (const Turn& turn : read->turns) {
      all.push_back(std::to_string(turn.number) + ":" + turn.messages.front().content + ">" +
                    turn.answer.text);
    }
    return all;
  }
  // The store keeps the one that it opens last.
  static int remember_connection(sqlite3* connection, char**, const sqlite3_api_routines*) {
    last_connection = connection;
    return SQLITE_OK;
  }
  static inline sqlite3* last_connection = nullptr;

  std::string reports_;
  std::unique_ptr<SessionStore> store_;
};

// From here on these sessions are there: so the store has said.
struct Promise {
  std::string step;
  size_t num_operations = 0;  // of the disk until then
  Sessions sessions;
  bool is_on_disk = false;  // also where turns do not wait for the disk
};

struct StoreRecord {
  LossyDisk disk;  // at the beginning
  std::vector<DiskOperation> operations;
  std::vector<Promise> promises;  // the first one before all operations
};

// Each step that returns is a promise. REQUIRES: one at a time.
class RecordedStore {
 public:
  // REQUIRES: the folder holds `sessions`, or nothing.
  RecordedStore(std::string folder, bool is_durable, Sessions sessions = {})
      : folder_(std::move(folder)),
        is_durable_(is_durable),
        disk_(folder_),
        sessions_(std::move(sessions)) {
    promised("nothing");
  }

  void open() {
    store_.emplace(folder_, is_durable_, clock_);
    ASSERT_TRUE(store_->is_open()) << store_->reports();
    promised("open");
  }
  void close() {
    EXPECT_EQ(store_->sessions(), sessions_);
    EXPECT_EQ(store_->reports(), "");
    store_.reset();
    promised("close");
    promises_.back().is_on_disk = true;
  }
  void create(const std::string& id) {
    ASSERT_TRUE(store_->create(id));
    sessions_[id];
    promised("create " + id);
  }
  // With `from_turn` instead of that turn and all after it.
  void say(const std::string& id, size_t answer_bytes, std::optional<int64_t> from_turn = {}) {
    const std::string question = "q" + std::to_string(++num_said_);
    std::string answer;
    while (answer.size() < answer_bytes) answer += question + " is answered; ";
    const auto committed = store_->say(id, question, answer, from_turn);
    ASSERT_TRUE(committed) << committed.status().message();
    Turns& turns = sessions_[id];
    if (from_turn) turns.resize(static_cast<size_t>(*from_turn - 1));
    turns.erase(turns.begin(), turns.begin() + committed->num_removed);
    turns.push_back(std::to_string(committed->number) + ":" + question + ">" + answer);
    promised("say " + question + " in " + id);
  }
  void begin_and_give_up(const std::string& id) {
    ASSERT_TRUE((*store_)->begin_turn({"", id}, {{"user", "never mind"}}));
    promised("give up a turn of " + id);
  }
  void branch(const std::string& id, int64_t num_turns) {
    const auto branched = (*store_)->branch({"", id}, num_turns);
    ASSERT_TRUE(branched) << branched.status().message();
    const Turns& turns = sessions_[id];
    sessions_[branched->id] = Turns(turns.begin(), turns.begin() + num_turns);
    promised("branch " + id);
  }
  void remove(const std::string& id) {
    ASSERT_TRUE((*store_)->remove({"", id}));
    sessions_.erase(id);
    promised("remove " + id);
  }
  void sync() {
    ASSERT_TRUE((*store_)->sync());
    promised("sync");
    promises_.back().is_on_disk = true;
  }
  void pass_time(int64_t ms) { clock_.advance(ms); }
  // Ends the sessions that are older than that, which must be this one.
  void expire(const std::string& id, std::chrono::milliseconds ttl) {
    (*store_)->set_limits({.ttl = ttl, .max_session_bytes = OpenStore::kMaxSessionBytes});
    ASSERT_TRUE((*store_)->expire());
    (*store_)->set_limits({.max_session_bytes = OpenStore::kMaxSessionBytes});
    sessions_.erase(id);
    promised("expire " + id);
  }

  StoreRecord record() const { return {disk_, recording_.operations(), promises_}; }

 private:
  void promised(const std::string& step) {
    promises_.push_back({step, recording_.operations().size(), sessions_});
  }

  const std::string folder_;
  const bool is_durable_;
  const LossyDisk disk_;
  FakeClock clock_;
  DiskRecording recording_;
  std::optional<OpenStore> store_;
  Sessions sessions_;
  std::vector<Promise> promises_;
  int num_said_ = 0;
};

}  // namespace youtu::test
