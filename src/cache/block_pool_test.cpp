#include "cache/block_pool.h"

#include <gtest/gtest.h>

#include <set>

namespace youtu {
namespace {

TEST(BlockPool, HandsOutEveryBlockOnceAndThenNothing) {
  BlockPool pool(5);
  std::set<BlockId> seen;
  for (int i = 0; i < 5; ++i) {
    const auto block = pool.allocate();
    ASSERT_TRUE(block.has_value());
    EXPECT_TRUE(seen.insert(*block).second);
    EXPECT_GE(*block, 0);
    EXPECT_LT(*block, 5);
  }
  EXPECT_EQ(pool.allocate(), std::nullopt);
  EXPECT_EQ(pool.num_free(), 0);
  EXPECT_EQ(pool.check_integrity(), 5);
}

TEST(BlockPool, FreesABlockWithItsLastReference) {
  BlockPool pool(2);
  const BlockId block = *pool.allocate();
  pool.add_reference(block);
  EXPECT_EQ(pool.num_references(block), 2);
  EXPECT_EQ(pool.check_integrity(), 2);
  pool.release(block);
  EXPECT_EQ(pool.num_free(), 1);
  pool.release(block);
  EXPECT_EQ(pool.num_free(), 2);
  EXPECT_EQ(pool.check_integrity(), 0);
}

TEST(BlockPoolDeathTest, RefusesMisuse) {
  BlockPool pool(2);
  const BlockId block = *pool.allocate();
  pool.release(block);
  EXPECT_DEATH(pool.release(block), "num_references");
  EXPECT_DEATH(pool.add_reference(block), "num_references");
  EXPECT_DEATH((void)pool.num_references(2), "block");
  EXPECT_DEATH((void)pool.num_references(-1), "block");
  EXPECT_DEATH(BlockPool(0), "num_blocks");
}

}  // namespace
}  // namespace youtu
