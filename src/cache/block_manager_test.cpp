#include "cache/block_manager.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
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
    auto table = manager_.admit({"", holder.tokens}, kMaxTokens);
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
};

TEST(BlockManager, KeepsItsBooksUnderRandomWork) {
  for (uint32_t seed = 1; seed <= 16; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    RandomWork work(seed, /*prefix_cache=*/seed % 4 != 0);
    for (int step = 0; step < 3000 && !testing::Test::HasFailure(); ++step) work.act();
  }
}

}  // namespace
}  // namespace youtu
