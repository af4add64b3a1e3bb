#include "cache/block_manager.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace youtu {
namespace {

using Tokens = std::vector<TokenId>;

// 0, 1, 2, ...
Tokens counted(int64_t num_tokens, TokenId first = 0) {
  Tokens tokens(static_cast<size_t>(num_tokens));
  for (TokenId& token : tokens) token = first++;
  return tokens;
}

std::optional<BlockTable> admit(BlockManager& manager, const Tokens& tokens, int64_t max_tokens) {
  return manager.admit({"", tokens}, max_tokens);
}

TEST(BlockManager, AdmitsByWholeBlocks) {
  BlockManager manager({.num_blocks = 4, .block_size = 16});
  auto table = admit(manager, counted(17), 64);
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->blocks().size(), 2u);
  EXPECT_EQ(manager.num_in_use(), 2);
  EXPECT_FALSE(admit(manager, counted(33), 33).has_value());
  EXPECT_EQ(manager.num_in_use(), 2);
  manager.release(*table);
  EXPECT_TRUE(table->is_empty());
  EXPECT_EQ(manager.num_free(), 4);
}

TEST(BlockManager, ExtendsAllOrNothing) {
  BlockManager manager({.num_blocks = 3, .block_size = 4});
  auto table = admit(manager, counted(4), 16);
  ASSERT_TRUE(table.has_value());
  EXPECT_TRUE(manager.extend(*table, 4));
  EXPECT_EQ(table->blocks().size(), 1u);
  EXPECT_TRUE(manager.extend(*table, 5));
  EXPECT_EQ(table->blocks().size(), 2u);
  EXPECT_FALSE(manager.extend(*table, 13));
  EXPECT_EQ(table->blocks().size(), 2u);
  EXPECT_TRUE(manager.extend(*table, 1));  // never shrinks
  EXPECT_EQ(table->blocks().size(), 2u);
  manager.release(*table);
}

TEST(BlockManager, ReservesATableForItsWholeLife) {
  BlockManager manager({.num_blocks = 8, .block_size = 2});
  auto table = admit(manager, counted(1), 16);
  const BlockId* address = table->blocks().data();
  ASSERT_TRUE(manager.extend(*table, 16));
  EXPECT_EQ(table->blocks().data(), address);
  manager.release(*table);
}

TEST(BlockManagerDeathTest, SeesALeakedTable) {
  EXPECT_DEATH(
      {
        BlockManager manager({.num_blocks = 2, .block_size = 4});
        auto table = admit(manager, counted(4), 4);
      },
      "empty");
}

TEST(BlockManagerDeathTest, SeesATableThatIsMissingFromTheBooks) {
  BlockManager manager({.num_blocks = 2, .block_size = 4});
  auto table = admit(manager, counted(4), 4);
  EXPECT_DEATH(manager.check_integrity({}), "num_own");
  const BlockTable* twice[] = {&*table, &*table};
  EXPECT_DEATH(manager.check_integrity(twice), "num_entries");
  manager.publish(*table, {"", counted(4)});
  EXPECT_DEATH(manager.check_integrity({}), "num_references");
  EXPECT_DEATH(manager.check_integrity(twice), "num_references");
  manager.release(*table);
}

TEST(BlockManager, BeginsWithWhatIsCachedButForTheLastToken) {
  BlockManager manager({.num_blocks = 8, .block_size = 4});
  auto first = admit(manager, counted(12), 16);
  EXPECT_TRUE(first->published_blocks().empty());
  manager.publish(*first, {"", counted(11)});
  EXPECT_EQ(first->published_blocks().size(), 2u);
  manager.publish(*first, {"", counted(12)});
  EXPECT_EQ(first->published_blocks().size(), 3u);

  auto equal = admit(manager, counted(12), 16);  // its last token wants computing
  EXPECT_EQ(equal->published_blocks().size(), 2u);
  EXPECT_EQ(equal->blocks().size(), 3u);
  auto longer = admit(manager, counted(13), 16);
  EXPECT_EQ(longer->published_blocks().size(), 3u);
  EXPECT_EQ(manager.num_in_use(), 3 + 1 + 1);

  // What two have computed of the same tokens becomes one block.
  manager.publish(*equal, {"", counted(12)});
  EXPECT_EQ(equal->blocks()[2], first->blocks()[2]);
  EXPECT_EQ(manager.num_in_use(), 3 + 1);
  const BlockTable* tables[] = {&*first, &*equal, &*longer};
  manager.check_integrity(tables);

  for (auto* table : {&first, &equal, &longer}) manager.release(**table);
  EXPECT_EQ(manager.num_in_use(), 0);
  EXPECT_EQ(manager.num_cached(), 3);
  EXPECT_EQ(manager.num_free(), 5);
  manager.check_integrity({});
}

TEST(BlockManager, GivesUpWhatIsCachedBeforeItRefuses) {
  BlockManager manager({.num_blocks = 4, .block_size = 4});
  auto table = admit(manager, counted(12), 12);
  manager.publish(*table, {"", counted(12)});
  manager.release(*table);
  EXPECT_EQ(manager.num_cached(), 3);

  // Its prefix is two of the cached blocks: they cannot be both kept and given up.
  EXPECT_FALSE(admit(manager, counted(17), 17).has_value());
  EXPECT_EQ(manager.num_cached(), 3);
  auto other = admit(manager, counted(8, 100), 16);
  EXPECT_EQ(manager.num_cached(), 2);  // the leaf went
  EXPECT_TRUE(manager.extend(*other, 16));
  EXPECT_EQ(manager.num_cached(), 0);
  EXPECT_FALSE(manager.extend(*other, 17));
  manager.release(*other);
}

TEST(BlockManager, SharesNothingWithoutThePrefixCache) {
  BlockManager manager({.num_blocks = 4, .block_size = 4, .prefix_cache = false});
  auto table = admit(manager, counted(8), 8);
  manager.publish(*table, {"", counted(8)});
  EXPECT_TRUE(table->published_blocks().empty());
  manager.release(*table);
  EXPECT_EQ(manager.num_free(), 4);
}

// [0, pinned) and [pinned + dropped, end) of 0, 1, 2, ...
Tokens without(int64_t num_pinned, int64_t num_dropped, int64_t end) {
  Tokens tokens = counted(num_pinned);
  for (const TokenId token :
       counted(end - num_pinned - num_dropped, static_cast<TokenId>(num_pinned + num_dropped))) {
    tokens.push_back(token);
  }
  return tokens;
}

// A manager of blocks of 4 that has computed 0, 1, ..., 22: five blocks of them are cached.
class SlidingTest : public testing::Test {
 protected:
  void SetUp() override { compute("", whole_); }

  void compute(std::string_view salt, const Tokens& tokens) {
    auto table = manager_.admit({salt, tokens}, 64);
    ASSERT_TRUE(table.has_value());
    manager_.publish(*table, {salt, tokens});
    manager_.release(*table);
  }

  static EarlierPrompt earlier(const Tokens& tokens, int64_t num_pinned, int64_t num_dropped,
                               std::string_view salt = "") {
    return {.tokens = {salt, tokens}, .num_pinned = num_pinned, .num_dropped = num_dropped};
  }

  void check(const SlidTable& slid) {
    const BlockTable* tables[] = {&slid.table, &slid.source};
    manager_.check_integrity(tables);
  }
  void release(SlidTable& slid) {
    manager_.release(slid.source);
    manager_.release(slid.table);
    manager_.check_integrity({});
  }

  const Tokens whole_ = counted(23);
  BlockManager manager_{{.num_blocks = 16, .block_size = 4}};
};

TEST_F(SlidingTest, KnowsHowTwoPromptsLie) {
  const EarlierPrompt prompt = earlier(whole_, 3, 5);
  const std::vector<int64_t> covered = {0, 1, 2, 3, 3, 3, 3, 3, 3, 4, 5};
  for (size_t i = 0; i < covered.size(); ++i) {
    EXPECT_EQ(prompt.num_covered(static_cast<int64_t>(i)), covered[i]) << i;
  }
  EXPECT_EQ(prompt.position_of(2), 2);
  EXPECT_EQ(prompt.position_of(3), 8);
}

TEST_F(SlidingTest, LendsTheBlocksOfTheEarlierPrompt) {
  const Tokens tokens = without(3, 5, 26);
  auto slid = manager_.admit_slid({"s", tokens}, earlier(whole_, 3, 5), 64);
  ASSERT_TRUE(slid.has_value());
  EXPECT_EQ(slid->num_known, 20 - 5);
  EXPECT_TRUE(slid->table.published_blocks().empty());
  EXPECT_EQ(slid->table.blocks().size(), 6u);
  EXPECT_EQ(slid->source.blocks().size(), 5u);
  EXPECT_EQ(slid->source.published_blocks().size(), 5u);
  EXPECT_EQ(manager_.num_in_use(), 6 + 5);
  check(*slid);
  manager_.release(slid->source);
  EXPECT_EQ(manager_.num_cached(), 5);

  // What it publishes is found under its own salt and under no other.
  manager_.publish(slid->table, {"s", std::span(tokens).first(15)});
  auto same = manager_.admit({"s", tokens}, 64);
  EXPECT_EQ(same->published_blocks().size(), 3u);
  auto other = manager_.admit({"", tokens}, 64);
  EXPECT_TRUE(other->published_blocks().empty());
  manager_.release(*same);
  manager_.release(*other);
  release(*slid);
}

TEST_F(SlidingTest, LeavesTheLastTokenToBeComputed) {
  const Tokens tokens = without(3, 5, 20);  // all of them are cached
  auto slid = manager_.admit_slid({"s", tokens}, earlier(whole_, 3, 5), 64);
  EXPECT_EQ(slid->num_known, 14);
  check(*slid);
  release(*slid);
}

TEST_F(SlidingTest, GoesOnBehindItsOwnBlocks) {
  const Tokens once = without(4, 4, 23);
  compute("s", once);  // 4 blocks
  const Tokens twice = without(4, 9, 26);
  auto slid = manager_.admit_slid({"s", twice}, earlier(once, 4, 5, "s"), 64);
  EXPECT_EQ(slid->table.published_blocks().size(), 1u);  // what is pinned is its own already
  EXPECT_EQ(slid->num_known, 16 - 5);
  check(*slid);
  release(*slid);
}

TEST_F(SlidingTest, KeepsWhatIsPinnedWhereAllElseIsNew) {
  const Tokens tokens = without(9, 13, 26);
  auto slid = manager_.admit_slid({"s", tokens}, earlier(whole_, 9, 13), 64);
  EXPECT_EQ(slid->num_known, 9);
  EXPECT_EQ(slid->source.blocks().size(), 3u);  // no more than is needed
  check(*slid);
  release(*slid);
}

TEST_F(SlidingTest, PrefersItsOwnBlocksWhereTheyHoldAsMuch) {
  const Tokens tokens = without(3, 5, 26);
  compute("s", tokens);
  auto slid = manager_.admit_slid({"s", tokens}, earlier(whole_, 3, 5), 64);
  EXPECT_TRUE(slid->source.is_empty());
  EXPECT_EQ(slid->num_known, 20);
  EXPECT_EQ(slid->table.published_blocks().size(), 5u);
  check(*slid);
  release(*slid);
}

// The earlier prompt must not stand in the way of the new one: whoever is alone always fits.
TEST_F(SlidingTest, ComputesWhereThereIsNoRoomForBoth) {
  auto others = manager_.admit({"", counted(4 * 8, 100)}, 64);
  EXPECT_EQ(manager_.num_available(), 8);
  const Tokens tokens = without(3, 5, 26);  // 6 blocks, and 5 to be kept
  auto slid = manager_.admit_slid({"s", tokens}, earlier(whole_, 3, 5), 64);
  ASSERT_TRUE(slid.has_value());
  EXPECT_TRUE(slid->source.is_empty());
  EXPECT_EQ(slid->num_known, 0);
  const BlockTable* tables[] = {&slid->table, &*others};
  manager_.check_integrity(tables);

  const int32_t num_available = manager_.num_available();
  EXPECT_FALSE(manager_.admit_slid({"s", tokens}, earlier(whole_, 3, 5), 64).has_value());
  EXPECT_EQ(manager_.num_available(), num_available);
  manager_.release(*others);
  release(*slid);
}

TEST_F(SlidingTest, NothingIsMovedWithoutThePrefixCache) {
  BlockManager manager({.num_blocks = 16, .block_size = 4, .prefix_cache = false});
  const Tokens tokens = without(3, 5, 26);
  auto slid = manager.admit_slid({"s", tokens}, earlier(whole_, 3, 5), 64);
  EXPECT_TRUE(slid->source.is_empty());
  EXPECT_EQ(slid->num_known, 0);
  manager.release(slid->table);
}

// Random work of tables whose tokens often begin alike.
class RandomWork {
 public:
  RandomWork(uint32_t seed, bool prefix_cache)
      : random_(seed),
        manager_({.num_blocks = 1 + static_cast<int32_t>(random_() % 40),
                  .block_size = 1 + static_cast<int32_t>(random_() % 4),
                  .prefix_cache = prefix_cache}) {}
  ~RandomWork() {
    for (Holder& holder : holders_) manager_.release(holder.table);
  }

  int64_t num_slid() const { return num_slid_; }

  void act() {
    const uint32_t action = random_() % 5;
    if (action == 0) {
      admit();
    } else if (!holders_.empty()) {
      Holder& holder = holders_[random_() % holders_.size()];
      if (action < 3) grow(holder);
      if (action == 3) publish(holder);
      if (action == 4) leave(holder);
    }
    check();
  }

 private:
  static constexpr int64_t kMaxTokens = 64;

  struct Holder {
    BlockTable table;
    Tokens tokens;
  };

  void admit() {
    Holder holder;
    for (uint32_t n = 1 + random_() % 30; n > 0; --n) {
      holder.tokens.push_back(static_cast<TokenId>(random_() % 2));
    }
    const int64_t num_needed = manager_.num_blocks_for(static_cast<int64_t>(holder.tokens.size()));
    const int32_t num_available = manager_.num_available();
    auto table = admit_somehow(holder);
    if (!table) {
      EXPECT_GT(num_needed, num_available);
      EXPECT_EQ(manager_.num_available(), num_available);
      return;
    }
    EXPECT_EQ(static_cast<int64_t>(table->blocks().size()), num_needed);
    EXPECT_LT(table->published_blocks().size() * static_cast<size_t>(manager_.block_size()),
              holder.tokens.size());
    holder.table = std::move(*table);
    holders_.push_back(std::move(holder));
  }

  // Now and then as the rest of what another one has, whose blocks are lent until it is admitted.
  std::optional<BlockTable> admit_somehow(Holder& holder) {
    if (holders_.empty() || random_() % 2 == 0) {
      return manager_.admit({"", holder.tokens}, kMaxTokens);
    }
    const Holder& other = holders_[random_() % holders_.size()];
    const auto num_tokens = static_cast<int64_t>(holder.tokens.size());
    Tokens earlier = other.tokens;
    const auto pinned = static_cast<int64_t>(random_() % (earlier.size() + 1));
    const auto dropped = static_cast<int64_t>(1 + random_() % 8);
    earlier.resize(static_cast<size_t>(std::max(num_tokens, pinned) + dropped));
    auto slid = manager_.admit_slid({"", holder.tokens},
                                    {.tokens = {"", earlier},
                                     .num_pinned = std::min(pinned, num_tokens),
                                     .num_dropped = dropped},
                                    kMaxTokens);
    if (!slid) return std::nullopt;
    EXPECT_LT(slid->num_known, num_tokens);
    num_slid_ += slid->source.is_empty() ? 0 : 1;
    std::vector<const BlockTable*> tables = {&slid->table, &slid->source};
    for (const Holder& each : holders_) tables.push_back(&each.table);
    manager_.check_integrity(tables);
    manager_.release(slid->source);
    return std::move(slid->table);
  }

  void grow(Holder& holder) {
    const auto num_tokens = static_cast<int64_t>(holder.tokens.size());
    if (num_tokens == kMaxTokens) return;
    const int64_t num_missing = manager_.num_blocks_for(num_tokens + 1) -
                                static_cast<int64_t>(holder.table.blocks().size());
    const bool fits = num_missing <= manager_.num_available();
    ASSERT_EQ(manager_.extend(holder.table, num_tokens + 1), fits);
    if (fits) holder.tokens.push_back(static_cast<TokenId>(random_() % 2));
  }

  void publish(Holder& holder) {
    const size_t published =
        holder.table.published_blocks().size() * static_cast<size_t>(manager_.block_size());
    const size_t computed = published + random_() % (holder.tokens.size() - published + 1);
    manager_.publish(holder.table, {"", std::span(holder.tokens).first(computed)});
  }

  void leave(Holder& holder) {
    manager_.release(holder.table);
    if (&holder != &holders_.back()) std::swap(holder, holders_.back());
    holders_.pop_back();
  }

  void check() {
    std::vector<const BlockTable*> tables;
    std::set<BlockId> in_use;
    for (const Holder& holder : holders_) {
      tables.push_back(&holder.table);
      in_use.insert(holder.table.blocks().begin(), holder.table.blocks().end());
    }
    manager_.check_integrity(tables);
    ASSERT_EQ(manager_.num_in_use(), static_cast<int32_t>(in_use.size()));
  }

  std::mt19937 random_;
  BlockManager manager_;
  std::vector<Holder> holders_;
  int64_t num_slid_ = 0;
};

TEST(BlockManager, KeepsItsBooksUnderRandomWork) {
  int64_t num_slid = 0;
  for (uint32_t seed = 1; seed <= 16; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    RandomWork work(seed, /*prefix_cache=*/seed % 4 != 0);
    for (int step = 0; step < 3000 && !testing::Test::HasFailure(); ++step) work.act();
    num_slid += work.num_slid();
  }
  EXPECT_GT(num_slid, 100);
}

}  // namespace
}  // namespace youtu
