#include "base/rng.h"

#include <gtest/gtest.h>

namespace youtu {
namespace {

// The known-answer vectors that the authors of Philox publish with Random123 (kat_vectors,
// philox4x32 10).
TEST(Rng, MatchesThePublishedVectors) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (PhiloxCounter{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}));
  EXPECT_EQ(philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
            (PhiloxCounter{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu}));
  EXPECT_EQ(
      philox4x32({0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}, {0xa4093822u, 0x299f31d0u}),
      (PhiloxCounter{0xd16cfe09u, 0x94fdcceb, 0x5001e420u, 0x24126ea1u}));
}

TEST(Rng, UnitIsInRangeAndEven) {
  double sum = 0;
  constexpr int kDraws = 100000;
  for (int position = 0; position < kDraws; ++position) {
    const double unit = random_unit(42, static_cast<uint64_t>(position));
    ASSERT_GE(unit, 0.0);
    ASSERT_LT(unit, 1.0);
    sum += unit;
  }
  // Five standard deviations of the mean of a uniform variable.
  EXPECT_NEAR(sum / kDraws, 0.5, 5 * 0.2887 / 316.2);
}

TEST(Rng, DependsOnSeedAndPosition) {
  EXPECT_NE(random_bits(1, 7), random_bits(2, 7));
  EXPECT_NE(random_bits(1, 7), random_bits(1, 8));
  EXPECT_NE(random_bits(1, 7), random_bits(uint64_t{1} << 32, 7));
  EXPECT_EQ(random_bits(1, 7), random_bits(1, 7));
}

}  // namespace
}  // namespace youtu
