#include "cache/block_manager.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace youtu {
namespace {

TEST(BlockManager, AdmitsByWholeBlocks) {
  BlockManager manager(4, 16);
  auto table = manager.admit(17, 64);
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->blocks().size(), 2u);
  EXPECT_EQ(manager.num_in_use(), 2);
  EXPECT_FALSE(manager.admit(33, 33).has_value());
  EXPECT_EQ(manager.num_in_use(), 2);
  manager.release(*table);
  EXPECT_TRUE(table->is_empty());
  EXPECT_EQ(manager.num_free(), 4);
}

TEST(BlockManager, ExtendsAllOrNothing) {
  BlockManager manager(3, 4);
  auto table = manager.admit(4, 16);
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
  BlockManager manager(8, 2);
  auto table = manager.admit(1, 16);
  const BlockId* address = table->blocks().data();
  ASSERT_TRUE(manager.extend(*table, 16));
  EXPECT_EQ(table->blocks().data(), address);
  manager.release(*table);
}

TEST(BlockManagerDeathTest, SeesALeakedTable) {
  EXPECT_DEATH(
      {
        BlockManager manager(2, 4);
        auto table = manager.admit(4, 4);
      },
      "empty");
}

TEST(BlockManagerDeathTest, SeesATableThatIsMissingFromTheBooks) {
  BlockManager manager(2, 4);
  auto table = manager.admit(4, 4);
  EXPECT_DEATH(manager.check_integrity({}), "num_references");
  const BlockTable* twice[] = {&*table, &*table};
  EXPECT_DEATH(manager.check_integrity(twice), "num_references");
  manager.release(*table);
}

// Random admit, extend and release against a model that is nothing but a map from table to size.
TEST(BlockManager, KeepsItsBooksUnderRandomWork) {
  for (const uint32_t seed : {1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    const int32_t num_blocks = 1 + static_cast<int32_t>(random() % 40);
    const int32_t block_size = 1 + static_cast<int32_t>(random() % 16);
    BlockManager manager(num_blocks, block_size);
    std::vector<std::pair<BlockTable, int64_t>> tables;  // and the positions that each covers
    const auto num_used = [&] {
      int64_t used = 0;
      for (const auto& [table, tokens] : tables) used += (tokens + block_size - 1) / block_size;
      return used;
    };
    for (int step = 0; step < 3000; ++step) {
      const uint32_t action = random() % 3;
      const int64_t tokens = random() % 100;
      if (action == 0) {
        const bool fits = (tokens + block_size - 1) / block_size <= num_blocks - num_used();
        auto table = manager.admit(tokens, 128);
        ASSERT_EQ(table.has_value(), fits);
        if (fits) tables.emplace_back(std::move(*table), tokens);
      } else if (!tables.empty()) {
        auto& entry = tables[random() % tables.size()];
        auto& [table, covered] = entry;
        if (action == 1) {
          const int64_t more =
              (tokens + block_size - 1) / block_size - (covered + block_size - 1) / block_size;
          const bool extended = manager.extend(table, tokens);
          ASSERT_EQ(extended, more <= num_blocks - num_used());
          if (extended) covered = std::max(covered, tokens);
        } else {
          manager.release(table);
          if (&entry != &tables.back()) std::swap(entry, tables.back());
          tables.pop_back();
        }
      }
      std::vector<const BlockTable*> views;
      std::set<BlockId> distinct;
      for (const auto& entry : tables) {
        views.push_back(&entry.first);
        for (const BlockId block : entry.first.blocks()) ASSERT_TRUE(distinct.insert(block).second);
      }
      manager.check_integrity(views);
      ASSERT_EQ(manager.num_in_use(), num_used());
    }
    for (auto& entry : tables) manager.release(entry.first);
    EXPECT_EQ(manager.num_free(), num_blocks);
  }
}

}  // namespace
}  // namespace youtu
