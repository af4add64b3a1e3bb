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
    EXPECT_FALSE(pool.is_free(*block));
  }
  EXPECT_EQ(pool.allocate(), std::nullopt);
  EXPECT_EQ(pool.num_free(), 0);
  pool.check_integrity();
}

TEST(BlockPool, HandsTheLastReleasedOutFirst) {
  BlockPool pool(3);
  const BlockId first = *pool.allocate();
  const BlockId second = *pool.allocate();
  pool.release(second);
  pool.release(first);
  EXPECT_TRUE(pool.is_free(first));
  EXPECT_EQ(pool.num_free(), 3);
  pool.check_integrity();
  EXPECT_EQ(pool.allocate(), first);
  EXPECT_EQ(pool.allocate(), second);
}

TEST(BlockPoolDeathTest, RefusesMisuse) {
  BlockPool pool(2);
  const BlockId block = *pool.allocate();
  pool.release(block);
  EXPECT_DEATH(pool.release(block), "is_free");
  EXPECT_DEATH((void)pool.is_free(2), "block");
  EXPECT_DEATH((void)pool.is_free(-1), "block");
  EXPECT_DEATH(BlockPool(0), "num_blocks");
}

}  // namespace
}  // namespace youtu
