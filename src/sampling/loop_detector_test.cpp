#include "sampling/loop_detector.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace youtu {
namespace {

// The first loop in `tokens`, and how many tokens it took to see it.
std::optional<std::pair<Repetition, size_t>> first_loop(const std::vector<TokenId>& tokens) {
  LoopDetector detector;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (const auto found = detector.append(tokens[i])) return std::pair(*found, i + 1);
  }
  return std::nullopt;
}

std::vector<TokenId> random_tokens(std::mt19937& rng, size_t count, TokenId vocab_size) {
  std::vector<TokenId> tokens(count);
  for (TokenId& token : tokens)
    token = static_cast<TokenId>(rng() % static_cast<uint32_t>(vocab_size));
  return tokens;
}

// The definition, written without any bookkeeping: the shortest period whose pattern ends the text
// and is a loop.
std::optional<Repetition> loop_at_end(const std::vector<TokenId>& tokens) {
  for (size_t period = 1; period <= kMaxLoopPeriod && period < tokens.size(); ++period) {
    size_t length = period;
    while (length < tokens.size() &&
           tokens[tokens.size() - 1 - length + period] == tokens[tokens.size() - 1 - length]) {
      ++length;
    }
    const int64_t count = static_cast<int64_t>(length / period);
    if (count >= kMinLoopCount && static_cast<int64_t>(length) >= kMinLoopTokens) {
      return Repetition{.period = static_cast<int32_t>(period), .count = count};
    }
  }
  return std::nullopt;
}

TEST(LoopDetector, SeesALoopOfEveryLength) {
  std::mt19937 rng(1);
  for (int32_t period = 1; period <= kMaxLoopPeriod; ++period) {
    std::vector<TokenId> tokens = random_tokens(rng, 50, 1000);
    std::vector<TokenId> pattern;
    for (int32_t i = 0; i < period; ++i) pattern.push_back(2000 + i);
    while (tokens.size() < 50 + 5 * kMaxLoopPeriod) {
      tokens.insert(tokens.end(), pattern.begin(), pattern.end());
    }
    const auto found = first_loop(tokens);
    ASSERT_TRUE(found) << period;
    EXPECT_EQ(found->first.period, period);
    const int64_t needed = std::max(kMinLoopTokens, kMinLoopCount * period);
    EXPECT_EQ(static_cast<int64_t>(found->second), 50 + needed) << period;
  }
}

TEST(LoopDetector, LongerPatternsThanItKeepsAreNone) {
  std::vector<TokenId> tokens;
  for (int round = 0; round < 8; ++round) {
    for (TokenId i = 0; i <= kMaxLoopPeriod; ++i) tokens.push_back(i);
  }
  EXPECT_FALSE(first_loop(tokens));
}

TEST(LoopDetector, OneOtherTokenBreaksTheLoop) {
  std::vector<TokenId> tokens;
  for (int i = 0; i < 1000; ++i) tokens.push_back(i % 90 == 89 ? 7 + i : 3);
  EXPECT_FALSE(first_loop(tokens));
}

TEST(LoopDetector, AgreesWithTheDefinition) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    std::mt19937 rng(seed);
    std::vector<TokenId> tokens;
    LoopDetector detector;
    // Stretches of noise over few tokens and of repeated patterns.
    for (int stretch = 0; stretch < 4; ++stretch) {
      const std::vector<TokenId> pattern = random_tokens(rng, 1 + rng() % 40, 1 + rng() % 3);
      const size_t times = rng() % 8;
      for (size_t i = 0; i < pattern.size() * times; ++i) {
        tokens.push_back(pattern[i % pattern.size()]);
        ASSERT_EQ(detector.append(tokens.back()), loop_at_end(tokens))
            << "seed " << seed << ", token " << tokens.size();
      }
    }
  }
}

}  // namespace
}  // namespace youtu
