// What the session store does with damaged files and failing disks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

#include "chat/sqlite_session_store.h"
#include "tests/support/stored_talk.h"
#include "tests/support/temporary_folder.h"

namespace youtu {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class SessionDamageTest : public ::testing::Test {
 protected:
  SessionDamageTest() {
    options_.folder = folder_ / "data";
    options_.durable = false;
    options_.report = [this](const std::string& line) { reports_ += line + "\n"; };
  }
  std::string path() const { return options_.folder + "/sessions.db"; }
  std::string try_open() {
    store_.reset();
    reports_ = "";
    auto store = open_sqlite_sessions(options_);
    if (!store) return store.status().message();
    store_ = *std::move(store);
    return "";
  }
  void open() { ASSERT_EQ(try_open(), ""); }
  Status create(const std::string& id) { return test::create_session(*store_, id); }
  std::string say(const std::string& id, const std::string& text, const std::string& answer) {
    return test::reason_of(test::say(*store_, id, text, answer));
  }
  // All that a session holds in one text, or "!" and the reason why there is none.
  std::string told(const std::string& id) {
    const auto read = store_->read({"", id});
    if (!read) return "!" + read.status().reason();
    std::string all = read->session.system;
    for (const Turn& turn : read->turns) {
      all += "|" + turn.messages.front().content + ">" + turn.answer.text;
    }
    return all;
  }
  // Some sessions, the store closed.
  std::map<std::string, std::string> fill(int num_sessions, size_t answer_bytes) {
    open();
    std::map<std::string, std::string> expected;
    for (int i = 0; i < num_sessions; ++i) {
      const std::string id = "session-" + std::to_string(i);
      EXPECT_TRUE(create(id));
      for (const char* text : {"one", "two", "three"}) {
        EXPECT_EQ(say(id, text, std::string(answer_bytes, static_cast<char>('a' + i % 26))), "");
      }
      expected[id] = told(id);
    }
    store_.reset();
    return expected;
  }
  void sql(const std::string& statements) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, statements.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  void write(const std::string& bytes) const {
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << bytes;
  }
  void start_afresh() {
    store_.reset();
    fs::remove_all(options_.folder);
    fs::create_directory(options_.folder);
  }

  const TemporaryFolder folder_;
  std::string reports_;
  SqliteSessionOptions options_;
  std::unique_ptr<SessionStore> store_;
};

// Whatever happens to the bytes: the store opens and works, and a session is what it was or is not
// shown at all.
TEST_F(SessionDamageTest, NoChangeOfTheFileShowsWhatNobodySaid) {
  const std::map<std::string, std::string> expected = fill(8, 700);
  const std::string good = read_file(path());
  std::mt19937_64 rng(20261125);
  int num_put_aside = 0;
  int num_kept_then = 0;
  for (int round = 0; round < 200; ++round) {
    std::string bytes = good;
    if (round % 10 == 0) {
      bytes.resize(1 + rng() % (bytes.size() - 1));
    } else {
      for (uint64_t i = 1 + rng() % 4; i > 0; --i) {
        bytes[rng() % bytes.size()] ^= static_cast<char>(1 + rng() % 255);
      }
    }
    start_afresh();
    write(bytes);
    ASSERT_EQ(try_open(), "") << "round " << round;
    int num_whole = 0;
    for (const auto& [id, text] : expected) {
      const std::string now = told(id);
      num_whole += now == text;
      if (now == text) continue;
      EXPECT_EQ(now.substr(0, 1), "!") << "round " << round << ": " << now;
      EXPECT_THAT(reports_, HasSubstr("damaged")) << "round " << round << ": " << now;
    }
    const bool is_put_aside = reports_.find("is damaged and kept as") != std::string::npos;
    num_put_aside += is_put_aside;
    num_kept_then += is_put_aside ? num_whole : 0;
    EXPECT_TRUE(create("new")) << "round " << round;
    EXPECT_EQ(say("new", "q", "x"), "") << "round " << round;
  }
  // The test would show nothing if every file were still good, or if nothing were ever saved.
  EXPECT_GT(num_put_aside, 20);
  EXPECT_GT(num_kept_then, num_put_aside);
}

TEST_F(SessionDamageTest, ADamagedSessionIsReportedAndTheOthersGoOn) {
  const auto expected = fill(3, 50);
  sql("UPDATE turns SET answer = 'never said' WHERE session = 1 AND number = 2;"
      "DELETE FROM turns WHERE session = 2 AND number = 3;");
  open();
  EXPECT_EQ(told("session-0"), "!session_damaged");
  EXPECT_THAT(reports_, HasSubstr("session-0 is damaged on the disk: turn 2 is not what was"));
  EXPECT_EQ(told("session-1"), "!session_damaged");
  EXPECT_EQ(say("session-1", "q", "x"), "session_damaged");
  EXPECT_EQ(told("session-2"), expected.at("session-2"));
  EXPECT_TRUE(store_->remove({"", "session-0"}));
  EXPECT_TRUE(create("session-0"));
  EXPECT_EQ(told("session-0"), "You are session-0");
}

TEST_F(SessionDamageTest, AFileOfANewerProgramIsLeftAlone) {
  fill(1, 10);
  sql("PRAGMA user_version = 2; UPDATE store SET schema_version = 2; CREATE TABLE more (x)");
  const std::string before = read_file(path());
  EXPECT_THAT(try_open(), HasSubstr("sessions.db was written by a newer version"));
  EXPECT_EQ(read_file(path()), before);
}

TEST_F(SessionDamageTest, OtherFilesArePutAside) {
  fs::create_directory(options_.folder);
  for (const std::string& bytes : {std::string("this is a letter\n"), std::string(8192, '\0')}) {
    write(bytes);
    open();
    EXPECT_THAT(reports_, HasSubstr("sessions.db is damaged and kept as "));
    EXPECT_TRUE(create("a"));
    store_.reset();
  }
  sql("CREATE TRIGGER t AFTER INSERT ON turns BEGIN DELETE FROM sessions; END");
  open();
  EXPECT_THAT(reports_, HasSubstr("is damaged and kept as "));
  EXPECT_EQ(say("a", "q", "x"), "");
}

TEST_F(SessionDamageTest, DamageIsAlsoFoundWhileTheStoreIsInUse) {
  const auto expected = fill(60, 60'000);  // more than SQLite's cache holds
  open();
  {
    std::fstream file(path(), std::ios::binary | std::ios::in | std::ios::out);
    const auto size = static_cast<std::streamoff>(fs::file_size(path()));
    file.seekp(size / 2);
    for (std::streamoff at = size / 2; at < size / 2 + (1 << 20); at += 4096) {
      file.write(std::string(4096, '\x5a').data(), 4096);
    }
  }
  int num_unavailable = 0;
  for (int pass = 0; pass < 2; ++pass) {
    int num_whole = 0;
    for (const auto& [id, text] : expected) {
      const std::string now = told(id);
      num_whole += now == text;
      if (pass == 0) num_unavailable += now == "!storage_unavailable";
      EXPECT_TRUE(now == text || now[0] == '!') << id;
    }
    EXPECT_GT(num_whole, 20);
    EXPECT_LT(num_whole, 60);
  }
  EXPECT_EQ(num_unavailable, 1);  // the one who found it; then there is a new file
  EXPECT_THAT(reports_, HasSubstr("is damaged and kept as "));
  EXPECT_TRUE(create("new"));
}

TEST_F(SessionDamageTest, AnInterruptedSalvageIsCompletedOrDoneAgain) {
  const auto expected = fill(2, 10);
  fs::rename(path(), path() + ".salvaged");
  open();
  EXPECT_EQ(told("session-1"), expected.at("session-1"));
  store_.reset();
  std::ofstream(path() + ".salvaged") << "half of it";
  sql("PRAGMA application_id = 1");
  open();
  EXPECT_EQ(told("session-1"), expected.at("session-1"));
}

TEST_F(SessionDamageTest, TheLogOfTheDamagedFileIsNotTakenForTheNewOnes) {
  fill(1, 3000);
  open();
  EXPECT_EQ(say("session-0", "q", "x"), "");
  const std::string log = read_file(path() + "-wal");
  start_afresh();
  const auto expected = fill(2, 10);
  fs::rename(path(), path() + ".salvaged");
  std::ofstream(path() + "-wal", std::ios::binary) << log;
  open();
  EXPECT_EQ(told("session-0"), expected.at("session-0"));
  EXPECT_EQ(told("session-1"), expected.at("session-1"));
  EXPECT_EQ(reports_, "");
  EXPECT_TRUE(std::any_of(fs::directory_iterator(options_.folder), {}, [&](const auto& entry) {
    const std::string name = entry.path().filename().string();
    return name.starts_with("sessions.db.damaged-") && read_file(entry.path().string()) == log;
  })) << "the log is gone";
}

// The process may write no file beyond `bytes`: a real refusal of the kernel, as of a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(SessionDamageTest, AFullDiskRefusesTurnsBeforeTheyBeginAndIsForgottenAfterwards) {
  const auto expected = fill(2, 10);
  open();
  {
    const FileSizeLimit full(1);
    EXPECT_EQ(store_->begin_turn({"", "session-0"}, {{"user", "q"}}).status().reason(),
              "storage_unavailable");
    EXPECT_EQ(create("new").reason(), "storage_unavailable");
    EXPECT_EQ(store_->remove({"", "session-0"}).reason(), "storage_unavailable");
    EXPECT_EQ(told("session-0"), expected.at("session-0"));
  }
  EXPECT_EQ(say("session-0", "q", "x"), "");
  EXPECT_EQ(told("session-0"), expected.at("session-0") + "|q>x");
  EXPECT_TRUE(create("new"));
}

// The disk fills up at every place of every write of a turn: the turn is there whole, if and only
// if its commit said so.
TEST_F(SessionDamageTest, ADiskThatFillsUpAnywhereHalvesNoTurn) {
  fill(1, 10);
  open();
  std::string expected = told("session-0");
  int num_refused_late = 0;
  int num_stored = 0;
  for (int round = 0; round < 120; ++round) {
    const std::string answer(static_cast<size_t>(round % 7) * 1500, 'x');
    const std::string wal = path() + "-wal";
    const rlim_t size = fs::exists(wal) ? fs::file_size(wal) : 0;
    std::string result;
    {
      const FileSizeLimit nearly_full(size + static_cast<rlim_t>(round) * 512);
      const auto turn = store_->begin_turn({"", "session-0"}, {{"user", "q"}});
      result = turn ? "" : turn.status().reason();
      if (turn) {
        const auto committed = (*turn)->commit({answer, "stop", {}});
        if (!committed) ++num_refused_late, result = committed.status().reason();
      }
    }
    EXPECT_TRUE(result.empty() || result == "storage_unavailable") << result;
    if (result.empty()) ++num_stored, expected += "|q>" + answer;
    EXPECT_EQ(told("session-0"), expected) << "round " << round;
    if (round % 20 == 0) open();
  }
  EXPECT_GT(num_refused_late, 0);
  EXPECT_GT(num_stored, 0);
  open();
  EXPECT_EQ(told("session-0"), expected);
}

}  // namespace
}  // namespace youtu
