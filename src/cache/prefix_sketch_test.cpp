// The sketch beside the tree that it watches.
#include "cache/prefix_sketch.h"

#include <gtest/gtest.h>

#include <random>

#include "base/check.h"
#include "cache/block_manager.h"

namespace youtu {
namespace {

using Tokens = std::vector<TokenId>;
constexpr int32_t kBlock = 4;

class PrefixSketchTest : public testing::Test {
 protected:
  // Computes `tokens` and gives the blocks back; what it found of them in the cache.
  int64_t compute(const Tokens& tokens, const std::string& salt = "") {
    auto table = blocks_.admit({salt, tokens}, static_cast<int64_t>(tokens.size()));
    CHECK(table.has_value());
    const auto found = static_cast<int64_t>(table->published_blocks().size()) * kBlock;
    blocks_.publish(*table, {salt, tokens});
    blocks_.release(*table);
    return found;
  }
  int64_t estimate(const Tokens& tokens, const std::string& salt = "") const {
    return sketch_.num_cached_tokens({salt, tokens});
  }
  static Tokens count_from(TokenId first, size_t count) {
    Tokens tokens(count);
    for (size_t i = 0; i < count; ++i) tokens[i] = first + static_cast<TokenId>(i);
    return tokens;
  }

  static constexpr PrefixTreeShape kShape = {.num_blocks = 16, .block_size = kBlock, .hash_key = 7};
  PrefixSketch sketch_{kShape};
  BlockManager blocks_{
      {.num_blocks = 16, .block_size = kBlock, .hash_key = 7, .observer = &sketch_}};
};

TEST_F(PrefixSketchTest, TellsWhatThePromptWillFind) {
  const Tokens tokens = count_from(0, 11);
  EXPECT_EQ(estimate(tokens), 0);
  compute(tokens);
  EXPECT_EQ(estimate(tokens), 8);
  EXPECT_EQ(estimate(count_from(0, 9)), 8);
  EXPECT_EQ(estimate(count_from(0, 8)), 4);  // the last token is always computed
  EXPECT_EQ(estimate(count_from(0, 1)), 0);
  EXPECT_EQ(estimate(count_from(1, 11)), 0);
  EXPECT_EQ(estimate(tokens, "salt"), 0);
  compute(tokens, "salt");
  EXPECT_EQ(estimate(tokens, "salt"), 8);
  EXPECT_EQ(estimate(tokens, "tlas"), 0);
}

TEST_F(PrefixSketchTest, ForgetsWhatIsEvicted) {
  const Tokens first = count_from(0, 33);
  compute(first);
  EXPECT_EQ(estimate(first), 32);
  compute(count_from(100, 64));  // all blocks
  EXPECT_EQ(estimate(first), 0);
  EXPECT_GE(estimate(count_from(100, 64)), 52);
}

TEST_F(PrefixSketchTest, IsRarelyWrong) {
  std::mt19937 random(3);
  int64_t found = 0, wrong = 0;
  for (int i = 0; i < 5000; ++i) {
    Tokens tokens = count_from(0, 1 + random() % 40);
    for (TokenId& token : tokens) token = static_cast<TokenId>(random() % 2);
    const int64_t expected = estimate(tokens);
    const int64_t actual = compute(tokens);
    EXPECT_LE(expected, actual);  // it never promises what is not there
    found += actual;
    wrong += actual - expected;
  }
  EXPECT_GT(found, 3000);
  EXPECT_LT(wrong, found / 5);
}

TEST_F(PrefixSketchTest, KnowsItsSize) {
  EXPECT_EQ(sketch_.bytes(), PrefixSketch::planned_bytes(kShape));
}

}  // namespace
}  // namespace youtu
