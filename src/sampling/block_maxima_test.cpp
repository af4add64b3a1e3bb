#include "sampling/block_maxima.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace youtu {
namespace {

std::vector<float> expected_maxima(const std::vector<float>& logits) {
  std::vector<float> maxima;
  for (size_t begin = 0; begin < logits.size(); begin += BlockMaxima::kColumns) {
    const size_t end = std::min(begin + BlockMaxima::kColumns, logits.size());
    maxima.push_back(*std::max_element(logits.begin() + static_cast<ptrdiff_t>(begin),
                                       logits.begin() + static_cast<ptrdiff_t>(end)));
  }
  return maxima;
}

std::vector<float> random_logits(size_t count) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<float> logits(count);
  for (float& logit : logits) logit = normal(random);
  return logits;
}

std::vector<float> values_of(const BlockMaxima& maxima) {
  return {maxima.begin(), maxima.end()};
}

TEST(BlockMaxima, AreFoundWhereNothingIsKnown) {
  for (const size_t count : {size_t{1}, size_t{63}, size_t{64}, size_t{65}, size_t{1000}}) {
    const std::vector<float> logits = random_logits(count);
    BlockMaxima maxima(static_cast<int32_t>(count));
    maxima.reset({});
    EXPECT_TRUE(maxima.update(logits));
    EXPECT_EQ(values_of(maxima), expected_maxima(logits));
  }
}

TEST(BlockMaxima, OnlyTouchedBlocksAreLookedAtAgain) {
  std::vector<float> logits = random_logits(300);
  std::vector<float> known = expected_maxima(logits);
  known[0] = 50;  // not what the logits say: nobody looks
  logits[130] = -100;
  logits[299] = 100;
  BlockMaxima maxima(300);
  maxima.reset(known);
  maxima.touch(130);
  maxima.touch(299);
  EXPECT_TRUE(maxima.update(logits));
  std::vector<float> expected = expected_maxima(logits);
  expected[0] = 50;
  EXPECT_EQ(values_of(maxima), expected);
}

TEST(BlockMaxima, AnythingThatIsNoLogitShowsWhetherKnownOrNot) {
  const std::vector<float> logits = random_logits(300);
  BlockMaxima maxima(300);
  for (const size_t at : {0u, 70u, 299u}) {
    std::vector<float> bad = logits;
    bad[at] = NAN;
    maxima.reset({});
    EXPECT_FALSE(maxima.update(bad)) << at;
    std::vector<float> known = expected_maxima(logits);
    known[at / BlockMaxima::kColumns] = NAN;
    maxima.reset(known);
    EXPECT_FALSE(maxima.update(logits)) << at;
    // Also where the block is looked at again: the logit is still there.
    maxima.reset(known);
    maxima.touch(static_cast<TokenId>(at));
    EXPECT_FALSE(maxima.update(bad)) << at;
  }
}

}  // namespace
}  // namespace youtu
