#include "chat/sqlite_session_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "tests/support/fake_clock.h"
#include "tests/support/stored_talk.h"
#include "tests/support/temporary_folder.h"

namespace youtu {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kDay = int64_t{24} * 3'600'000;

class SqliteSessionStoreTest : public ::testing::Test {
 protected:
  SqliteSessionStoreTest() {
    options_.folder = folder_.path().string();
    options_.clock = &clock_;
    options_.report = [this](const std::string& line) { reports_ += line + "\n"; };
  }
  void open() {
    store_.reset();
    auto store = open_sqlite_sessions(options_);
    ASSERT_TRUE(store) << store.status().message();
    store_ = *std::move(store);
  }
  Status create(const std::string& id, HistoryRules history = {}) {
    NewSession session;
    session.id = id;
    session.history = history;
    const auto created = store_->create("", session);
    return created ? Status::ok() : created.status();
  }
  static std::vector<ChatMessage> question(const std::string& text) { return {{"user", text}}; }
  // The reason of what went wrong; empty if nothing did.
  std::string say(const std::string& id, const std::string& text, const std::string& answer) {
    return test::reason_of(test::say(*store_, id, text, answer));
  }
  // "question>answer" of each turn.
  std::vector<std::string> told(const std::string& id) {
    const auto read = store_->read({"", id});
    if (!read) return {read.status().reason()};
    std::vector<std::string> all;
    for (const Turn& turn : read->turns) {
      all.push_back(std::to_string(turn.number) + ":" + turn.messages.front().content + ">" +
                    turn.answer.text);
    }
    return all;
  }

  const TemporaryFolder folder_;
  test::FakeClock clock_;
  std::string reports_;
  SqliteSessionOptions options_;
  std::unique_ptr<SessionStore> store_;
};

using Told = std::vector<std::string>;

TEST_F(SqliteSessionStoreTest, KeepsTurnsOverARestart) {
  open();
  ASSERT_TRUE(create("a"));
  EXPECT_EQ(say("a", "你好", "hello \"there\"\n"), "");
  EXPECT_EQ(say("a", "", std::string("nul \0 byte", 10)), "");
  open();
  EXPECT_EQ(told("a"), (Told{"1:你好>hello \"there\"\n", std::string("2:>nul \0 byte", 13)}));
  const auto read = store_->read({"", "a"});
  EXPECT_EQ(read->session.num_turns, 2);
  EXPECT_EQ(read->session.next_turn, 3);
  EXPECT_EQ(read->turns.front().answer.usage.prompt_tokens, 3);
  EXPECT_EQ(reports_, "");
}

TEST_F(SqliteSessionStoreTest, ATurnIsThereWhenItIsCommittedAndNotBefore) {
  open();
  ASSERT_TRUE(create("a"));
  {
    const auto turn = store_->begin_turn({"", "a"}, question("q"));
    ASSERT_TRUE(turn);
    EXPECT_EQ(told("a"), Told{});
    EXPECT_EQ(say("a", "other", "x"), "session_busy");
    EXPECT_EQ(store_->remove({"", "a"}).reason(), "session_busy");
  }
  EXPECT_EQ(told("a"), Told{});
  EXPECT_EQ(say("a", "next", "x"), "");
  EXPECT_EQ(told("a"), Told{"1:next>x"});
}

TEST_F(SqliteSessionStoreTest, KeepsCallsOfToolsAndTheirResults) {
  open();
  ASSERT_TRUE(create("a"));
  ChatMessage result = {.role = "tool", .content = "sunny"};
  result.tool_call_id = "call_1";
  ChatMessage call = {.role = "assistant", .content = ""};
  call.tool_calls = {{"call_1", "weather", R"({"city":"北京"})"}};
  {
    const auto turn = store_->begin_turn({"", "a"}, {{"user", "q"}, call, result});
    ASSERT_TRUE(turn);
    TurnAnswer answer = {"let me see", "stop", {3, 2, 1}};
    answer.tool_calls = {{"call_2", "weather", "{}"}, {"call_3", "time", "{}"}};
    ASSERT_TRUE((*turn)->commit(answer));
  }
  open();
  const auto read = store_->read({"", "a"});
  ASSERT_TRUE(read);
  ASSERT_EQ(read->turns.size(), 1u);
  const Turn& kept = read->turns.front();
  ASSERT_EQ(kept.messages.size(), 3u);
  ASSERT_EQ(kept.messages[1].tool_calls.size(), 1u);
  EXPECT_EQ(kept.messages[1].tool_calls[0].arguments, R"({"city":"北京"})");
  EXPECT_EQ(kept.messages[2].tool_call_id, "call_1");
  ASSERT_EQ(kept.answer.tool_calls.size(), 2u);
  EXPECT_EQ(kept.answer.tool_calls[1].name, "time");
  EXPECT_EQ(kept.answer.text, "let me see");
}

TEST_F(SqliteSessionStoreTest, ANewTurnMayStandInPlaceOfOldOnes) {
  open();
  ASSERT_TRUE(create("a"));
  for (const char* text : {"1", "2", "3"}) EXPECT_EQ(say("a", text, "x"), "");
  const int64_t bytes_of_three = store_->read({"", "a"})->session.num_bytes;
  {
    const auto turn = store_->begin_turn({"", "a"}, question("new"), 2);
    ASSERT_TRUE(turn) << turn.status().message();
    EXPECT_EQ((*turn)->history().size(), 1u);
  }
  EXPECT_EQ(told("a"), (Told{"1:1>x", "2:2>x", "3:3>x"}));  // nothing is lost without a commit
  {
    const auto turn = store_->begin_turn({"", "a"}, question("n"), 2);
    ASSERT_TRUE(turn);
    const auto committed = (*turn)->commit({"y", "stop", {3, 2, 1}});
    ASSERT_TRUE(committed);
    EXPECT_EQ(committed->number, 2);
  }
  open();
  EXPECT_EQ(told("a"), (Told{"1:1>x", "2:n>y"}));
  EXPECT_LT(store_->read({"", "a"})->session.num_bytes, bytes_of_three);
  EXPECT_EQ(say("a", "next", "z"), "");
  EXPECT_EQ(told("a"), (Told{"1:1>x", "2:n>y", "3:next>z"}));
}

TEST_F(SqliteSessionStoreTest, OnlyTurnsThatAreThereCanBeReplaced) {
  open();
  ASSERT_TRUE(create("a"));
  EXPECT_EQ(say("a", "1", "x"), "");
  for (const int64_t turn : {0, 3}) {
    const Status status = store_->begin_turn({"", "a"}, question("q"), turn).status();
    EXPECT_EQ(status.reason(), "out_of_range");
    EXPECT_THAT(status.message(), HasSubstr("(1 to 2 in this session)"));
  }
  EXPECT_TRUE(store_->begin_turn({"", "a"}, question("q"), 2));
}

TEST_F(SqliteSessionStoreTest, ABranchGoesItsOwnWay) {
  open();
  ASSERT_TRUE(create("a"));
  for (const char* text : {"1", "2", "3"}) EXPECT_EQ(say("a", text, text), "");
  auto open_turn = store_->begin_turn({"", "a"}, question("4"));
  ASSERT_TRUE(open_turn);
  const auto branch = store_->branch({"", "a"}, 2);
  ASSERT_TRUE(branch) << branch.status().message();
  EXPECT_EQ(branch->num_turns, 2);
  EXPECT_EQ(say(branch->id, "b", "b"), "");
  ASSERT_TRUE((*open_turn)->commit({"4", "stop", {}}));
  open_turn->reset();
  open();
  EXPECT_EQ(told("a"), (Told{"1:1>1", "2:2>2", "3:3>3", "4:4>4"}));
  EXPECT_EQ(told(branch->id), (Told{"1:1>1", "2:2>2", "3:b>b"}));
  ASSERT_TRUE(store_->remove({"", "a"}));
  EXPECT_EQ(told(branch->id), (Told{"1:1>1", "2:2>2", "3:b>b"}));
  EXPECT_EQ(reports_, "");
  for (const int64_t turn : {0, 4}) {
    EXPECT_EQ(store_->branch({"", branch->id}, turn).status().reason(), "out_of_range");
  }
  EXPECT_EQ(store_->branch({"", "a"}, 1).status().reason(), "session_not_found");
  EXPECT_EQ(store_->branch({"you", branch->id}, 1).status().reason(), "session_not_found");
}

// Bytes are counted anew, of what the branch has.
TEST_F(SqliteSessionStoreTest, ABranchHasTheBytesOfItsTurns) {
  open();
  ASSERT_TRUE(create("a"));
  EXPECT_EQ(say("a", "12345", "12345"), "");
  const int64_t bytes = store_->read({"", "a"})->session.num_bytes;
  EXPECT_EQ(say("a", "12345", "12345"), "");
  EXPECT_EQ(store_->branch({"", "a"}, 1)->num_bytes, bytes);
}

TEST_F(SqliteSessionStoreTest, SaysWhatIsNotThere) {
  open();
  EXPECT_EQ(say("a", "q", "x"), "session_not_found");
  EXPECT_EQ(store_->remove({"", "a"}).reason(), "session_not_found");
  ASSERT_TRUE(create("a"));
  EXPECT_EQ(create("a").reason(), "session_exists");
  EXPECT_TRUE(store_->remove({"", "a"}));
  EXPECT_EQ(told("a"), Told{"session_not_found"});
  ASSERT_TRUE(create("a"));
  EXPECT_EQ(told("a"), Told{});
}

TEST_F(SqliteSessionStoreTest, AnOwnerSeesOnlyTheirOwn) {
  open();
  NewSession session;
  session.id = "a";
  ASSERT_TRUE(store_->create("one", session));
  EXPECT_FALSE(store_->read({"two", "a"}));
  EXPECT_EQ(store_->begin_turn({"two", "a"}, question("q")).status().reason(), "session_not_found");
  ASSERT_TRUE(store_->create("two", session));
  ASSERT_TRUE(store_->remove({"two", "a"}));
  EXPECT_TRUE(store_->read({"one", "a"}));
  EXPECT_EQ(store_->list("one", "", 10)->sessions.size(), 1u);
  EXPECT_EQ(store_->list("two", "", 10)->sessions.size(), 0u);
}

TEST_F(SqliteSessionStoreTest, ListsInPages) {
  open();
  for (const char* id : {"c", "a", "e", "b", "d"}) ASSERT_TRUE(create(id));
  std::string ids;
  std::string after;
  for (bool has_more = true; has_more;) {
    const auto page = store_->list("", after, 2);
    for (const Session& session : page->sessions) ids += after = session.id;
    has_more = page->has_more;
  }
  EXPECT_EQ(ids, "abcde");
  EXPECT_FALSE(store_->list("", "", 5)->has_more);
}

TEST_F(SqliteSessionStoreTest, MakesIdsThatNobodyGuesses) {
  open();
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    const auto session = store_->create("", {});
    ASSERT_TRUE(session && is_session_id(session->id));
    ids.insert(session->id);
  }
  EXPECT_EQ(ids.size(), 100u);
}

TEST_F(SqliteSessionStoreTest, HasALimitOfSessions) {
  options_.limits.max_sessions = 3;
  options_.limits.ttl = std::chrono::milliseconds(kDay);
  open();
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(create(id));
  EXPECT_EQ(create("d").reason(), "session_limit");
  EXPECT_EQ(create("a").reason(), "session_exists");
  open();
  EXPECT_EQ(create("d").reason(), "session_limit");
  clock_.advance(kDay);
  EXPECT_TRUE(create("d"));
  EXPECT_EQ(store_->list("", "", 10)->sessions.size(), 1u);
}

TEST_F(SqliteSessionStoreTest, ItsLimitsMayChangeWhileItIsInUse) {
  options_.limits = {.max_sessions = 1, .max_session_bytes = 100};
  open();
  ASSERT_TRUE(create("a"));
  EXPECT_EQ(create("b").reason(), "session_limit");
  EXPECT_EQ(say("a", std::string(101, 'q'), "x"), "session_full");
  store_->set_limits(
      {.ttl = std::chrono::milliseconds(kDay), .max_sessions = 2, .max_session_bytes = 200});
  ASSERT_TRUE(create("b"));
  EXPECT_EQ(say("a", std::string(101, 'q'), "x"), "");
  store_->set_limits({.ttl = std::chrono::milliseconds(kDay), .max_sessions = 1});
  EXPECT_EQ(say("b", "q", "x"), "");  // one too many stays until its time is over
  clock_.advance(kDay);
  EXPECT_EQ(told("a"), Told{"session_not_found"});
}

TEST_F(SqliteSessionStoreTest, SessionsEndWhenTheyAreNotUsed) {
  options_.limits.ttl = std::chrono::milliseconds(2 * kDay);
  open();
  ASSERT_TRUE(create("used"));
  ASSERT_TRUE(create("unused"));
  clock_.advance(2 * kDay - 1);
  EXPECT_EQ(say("used", "q", "x"), "");
  clock_.advance(1);
  EXPECT_EQ(told("unused"), Told{"session_not_found"});
  EXPECT_EQ(store_->remove({"", "unused"}).reason(), "session_not_found");
  EXPECT_EQ(store_->list("", "", 10)->sessions.size(), 1u);
  ASSERT_TRUE(create("unused"));  // the id is free again
  clock_.advance(2 * kDay);
  // Whoever is at a session keeps it.
  ASSERT_TRUE(create("long"));
  const auto turn = store_->begin_turn({"", "long"}, question("q"));
  clock_.advance(2 * kDay);
  EXPECT_TRUE(store_->expire());
  EXPECT_TRUE((*turn)->commit({"x", "stop", {}}));
  EXPECT_EQ(told("long"), Told{"1:q>x"});
}

TEST_F(SqliteSessionStoreTest, AClockThatJumpsEndsNoSession) {
  SCOPED_TRACE("O04");
  options_.limits.ttl = std::chrono::milliseconds(7 * kDay);
  open();
  ASSERT_TRUE(create("a"));
  for (const int64_t jump : {3650 * kDay, -3650 * kDay, -20'000 * kDay, 20'000 * kDay}) {
    clock_.jump(jump);
    EXPECT_TRUE(store_->expire());
    EXPECT_EQ(told("a"), Told{});
    reports_ = "";
    store_.reset();
    clock_.jump(jump);
    open();
    EXPECT_THAT(reports_, HasSubstr(std::to_string(jump / 3'600'000) + " hours"));
    EXPECT_EQ(told("a"), Told{});
  }
  store_.reset();
  clock_.jump(8 * kDay);
  options_.trust_clock = true;
  open();
  EXPECT_EQ(told("a"), Told{"session_not_found"});
}

TEST_F(SqliteSessionStoreTest, ASessionThatIsFullLosesItsOldestTurnsAndSaysSo) {
  options_.limits.max_session_bytes = 100;
  open();
  ASSERT_TRUE(create("a"));
  for (const char* text : {"1", "2", "3"}) EXPECT_EQ(say("a", text, std::string(29, 'x')), "");
  {
    const auto turn = store_->begin_turn({"", "a"}, question("4"));
    ASSERT_EQ((*turn)->history().size(), 3u);
    const auto committed = (*turn)->commit({std::string(69, 'x'), "stop", {}});
    EXPECT_EQ(committed->number, 4);
    EXPECT_EQ(committed->num_removed, 2);
  }
  EXPECT_EQ(store_->read({"", "a"})->turns.front().number, 3);
  open();
  EXPECT_EQ(store_->read({"", "a"})->session.num_bytes, 100);
  EXPECT_EQ(say("a", std::string(101, 'q'), "x"), "session_full");
  EXPECT_EQ(say("a", std::string(100, 'q'), "x"), "");
}

TEST_F(SqliteSessionStoreTest, ASessionThatKeepsEverythingIsFullAtSomeTime) {
  options_.limits.max_session_bytes = 100;
  open();
  ASSERT_TRUE(create("a", {.policy = HistoryPolicy::kError}));
  EXPECT_EQ(say("a", "q", std::string(90, 'x')), "");
  EXPECT_EQ(say("a", "0123456789", "x"), "session_full");
  EXPECT_EQ(say("a", "q", std::string(90, 'x')), "");  // an answer is never thrown away
  EXPECT_EQ(say("a", "q", ""), "session_full");
  EXPECT_EQ(told("a").size(), 2u);
}

// 1,000 races, 50 on each of 20 sessions.
TEST_F(SqliteSessionStoreTest, OneOfTwoWritersWins) {
  constexpr int kRaces = 50;
  options_.durable = false;
  open();
  for (int i = 0; i < 20; ++i) {
    const std::string id = "s" + std::to_string(i);
    ASSERT_TRUE(create(id));
    std::atomic<int> num_won{0};
    std::atomic<int> num_busy{0};
    for (int race = 0; race < kRaces; ++race) {
      std::atomic<int> waiting{2};
      const auto write = [&, race](const std::string& writer) {
        --waiting;
        while (waiting > 0) std::this_thread::yield();
        const std::string result = say(id, std::to_string(race), writer);
        if (result.empty()) ++num_won;
        if (result == "session_busy") ++num_busy;
      };
      std::thread other(write, "one");
      write("two");
      other.join();
    }
    EXPECT_EQ(num_won + num_busy, 2 * kRaces);
    EXPECT_GE(num_won, kRaces);
    const auto read = store_->read({"", id});
    ASSERT_TRUE(read);
    ASSERT_EQ(static_cast<int>(read->turns.size()), num_won);
    int last_race = 0;
    for (const Turn& turn : read->turns) {  // in the order in which they were asked
      const int race = std::stoi(turn.messages.front().content);
      EXPECT_TRUE(race == last_race || race == last_race + 1);
      last_race = race;
    }
  }
}

TEST_F(SqliteSessionStoreTest, ManyAtOnceDoNotMeet) {
  open();
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 8; ++writer) {
    writers.emplace_back([this, writer] {
      const std::string id = "w" + std::to_string(writer);
      EXPECT_TRUE(create(id));
      for (int i = 0; i < 25; ++i) EXPECT_EQ(say(id, std::to_string(i), id), "");
    });
  }
  for (std::thread& writer : writers) writer.join();
  for (int writer = 0; writer < 8; ++writer) {
    const std::string id = "w" + std::to_string(writer);
    const Told all = told(id);
    ASSERT_EQ(all.size(), 25u);
    for (int i = 0; i < 25; ++i) {
      EXPECT_EQ(all[static_cast<size_t>(i)],
                std::to_string(i + 1) + ":" + std::to_string(i) + ">" + id);
    }
  }
}

TEST(SessionId, HasNothingThatAPathOrALogCouldTakeForSomethingElse) {
  for (const char* id : {"a", "A-1_b.c", "0", "s-0123456789abcdef"}) {
    EXPECT_TRUE(is_session_id(id)) << id;
  }
  EXPECT_TRUE(is_session_id(std::string(64, 'a')));
  for (const char* id :
       {"", ".", "..", "../x", "a/b", "%2e", "-a", "_a", "a b", "a\n", "ä", "a\\b"}) {
    EXPECT_FALSE(is_session_id(id)) << id;
  }
  EXPECT_FALSE(is_session_id(std::string(65, 'a')));
  EXPECT_FALSE(is_session_id(std::string("a\0b", 3)));
}

}  // namespace
}  // namespace youtu
