#include "chat/history.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <vector>

namespace youtu {
namespace {

// A conversation whose turns have known sizes, after a head of 10 tokens.
struct Conversation {
  std::vector<int64_t> turns;
  int64_t num_asked = 0;

  int64_t tokens(int64_t dropped) const {
    return std::accumulate(turns.begin() + dropped, turns.end(), int64_t{10});
  }
  int64_t drop(const HistoryRules& rules, int64_t room) {
    num_asked = 0;
    const auto prompt_tokens = [this](int64_t dropped) -> Result<int64_t> {
      ++num_asked;
      EXPECT_GE(dropped, 0);
      EXPECT_LE(dropped, static_cast<int64_t>(turns.size()));
      return tokens(dropped);
    };
    return *turns_to_drop(rules, static_cast<int64_t>(turns.size()), room, prompt_tokens);
  }
};

TEST(History, NamesOfPolicies) {
  for (const char* name : {"error", "drop_oldest_turns", "sliding_window"}) {
    EXPECT_EQ(to_string(*find_history_policy(name)), name);
  }
  EXPECT_FALSE(find_history_policy("slide"));
  for (const char* name : {"recompute", "rotate"}) {
    EXPECT_EQ(to_string(*find_window_cache(name)), name);
  }
  EXPECT_FALSE(find_window_cache("shift"));
}

TEST(History, ErrorKeepsEverything) {
  Conversation talk{std::vector<int64_t>(200, 100)};
  EXPECT_EQ(talk.drop({.policy = HistoryPolicy::kError}, 50), 0);
}

// 3 of 5 at once: the beginning of the prompt stays for 3 turns.
TEST(History, DropsTurnsInSteps) {
  std::vector<int64_t> dropped;
  for (int64_t n = 0; n <= 12; ++n) {
    Conversation talk{std::vector<int64_t>(static_cast<size_t>(n), 1)};
    dropped.push_back(talk.drop({}, 1000));
  }
  EXPECT_EQ(dropped, (std::vector<int64_t>{0, 0, 0, 0, 0, 0, 3, 3, 3, 6, 6, 6, 9}));
}

TEST(History, DropsWhatTheContextHasNoRoomFor) {
  Conversation talk{{10, 10, 100, 10, 10}};
  EXPECT_EQ(talk.drop({}, 150), 0);
  EXPECT_EQ(talk.drop({}, 149), 3);
  EXPECT_EQ(talk.drop({}, 29), 5);
  EXPECT_EQ(talk.drop({}, 0), 5);  // and the engine says that the prompt alone is too long
}

TEST(History, NoTurnsAtAll) {
  Conversation talk{{10, 10}};
  EXPECT_EQ(talk.drop({.max_turns = 0}, 1000), 2);
  EXPECT_EQ(talk.drop({.max_turns = 1}, 1000), 1);
}

TEST(History, TheWindowKeepsTheNewestTurnsThatFit) {
  const HistoryRules window = {.policy = HistoryPolicy::kSlidingWindow, .window_tokens = 100};
  Conversation talk{std::vector<int64_t>(200, 30)};
  EXPECT_EQ(talk.drop(window, 1'000'000), 197);
  EXPECT_EQ(talk.drop(window, 10 + 30), 199);  // the context is smaller still
  EXPECT_EQ(talk.drop(window, 5), 200);
  const HistoryRules all = {.policy = HistoryPolicy::kSlidingWindow};
  EXPECT_EQ(talk.drop(all, 1'000'000), 0);
  EXPECT_LT(talk.num_asked, 20);
  EXPECT_EQ(Conversation{}.drop(window, 100), 0);
}

TEST(History, TheWindowIsExactForAnySizes) {
  std::mt19937_64 rng(7);
  for (int round = 0; round < 2000; ++round) {
    Conversation talk;
    for (uint64_t i = rng() % 40; i > 0; --i) {
      talk.turns.push_back(static_cast<int64_t>(rng() % 50));
    }
    const int64_t room = static_cast<int64_t>(rng() % 800);
    const int64_t n = static_cast<int64_t>(talk.turns.size());
    int64_t expected = 0;
    while (expected < n && talk.tokens(expected) > room) ++expected;
    // Empty turns at the border may be kept or not; the sizes must be the same.
    const int64_t dropped = talk.drop({.policy = HistoryPolicy::kSlidingWindow}, room);
    EXPECT_EQ(talk.tokens(dropped), talk.tokens(expected)) << "round " << round;
    EXPECT_EQ(dropped, expected) << "round " << round;
  }
}

// A turn is never dropped and then taken back, so the prompt of the next turn begins as this one.
TEST(History, StepsOnlyGoForward) {
  std::mt19937_64 rng(11);
  for (int round = 0; round < 500; ++round) {
    Conversation talk;
    int64_t before = 0;
    for (int turn = 0; turn < 30; ++turn) {
      const int64_t dropped = talk.drop({.max_turns = 7}, 300);
      EXPECT_GE(dropped, before) << "round " << round;
      before = dropped;
      talk.turns.push_back(static_cast<int64_t>(rng() % 80));
    }
  }
}

TEST(History, PassesOnWhatCannotBeRendered) {
  const auto broken = [](int64_t) -> Result<int64_t> { return Status::invalid_argument("no"); };
  EXPECT_FALSE(turns_to_drop({}, 3, 100, broken));
  EXPECT_FALSE(turns_to_drop({.policy = HistoryPolicy::kSlidingWindow}, 3, 100, broken));
}

}  // namespace
}  // namespace youtu
