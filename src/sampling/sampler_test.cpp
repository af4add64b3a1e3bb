#include "sampling/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>

namespace youtu {
namespace {

using testing::ElementsAre;

constexpr float kInf = std::numeric_limits<float>::infinity();

SamplingParams neutral() {
  return SamplingParams{};
}

std::vector<TokenId> support(std::vector<float> logits, const SamplingParams& params,
                             std::vector<TokenId> tokens = {}) {
  Sampler sampler(static_cast<int32_t>(logits.size()));
  const auto candidates = sampler.candidates(logits, params, {tokens, 0});
  EXPECT_TRUE(candidates.is_ok()) << candidates.status().message();
  std::vector<TokenId> ids;
  if (candidates) {
    for (const Candidate& candidate : *candidates) ids.push_back(candidate.token);
  }
  return ids;
}

std::vector<float> random_logits(size_t count, uint32_t seed, float spread) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0f, spread);
  std::vector<float> logits(count);
  for (float& logit : logits) logit = normal(random);
  return logits;
}

TEST(Sampler, GreedyTakesTheLowestIdOfATie) {
  SamplingParams params = neutral();
  for (const double temperature : {0.0, -0.0, 1e-45, 9e-6}) {
    params.temperature = temperature;
    EXPECT_THAT(support({1, 5, 2, 5, 5}, params), ElementsAre(1));
  }
  std::vector<float> wide(1000, 0.0f);
  wide[700] = wide[130] = wide[131] = 3.0f;
  EXPECT_THAT(support(wide, params), ElementsAre(130));
}

TEST(Sampler, GreedyHonoursPenalties) {
  SamplingParams params = neutral();
  params.temperature = 0;
  params.repetition_penalty = 2.0;
  EXPECT_THAT(support({4, 3, 1}, params, {0}), ElementsAre(1));
}

TEST(Sampler, AddsBiasBeforeAllElse) {
  SamplingParams params = neutral();
  params.temperature = 0;
  params.logit_bias = {{.token = 0, .bias = -100}, {.token = 2, .bias = 1.5}};
  EXPECT_THAT(support({4, 3, 2}, params), ElementsAre(2));
  params.repetition_penalty = 2.0;  // of 3.5, not of 2 and then 1.5 more
  EXPECT_THAT(support({4, 3, 2}, params, {2}), ElementsAre(1));
}

TEST(Sampler, NeverDrawsABannedToken) {
  SamplingParams params = neutral();
  params.logit_bias = {{.token = 1, .bias = 100}};
  Sampler sampler(3);
  const std::vector<TokenId> banned = {1};
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::vector<float> logits = {0, 50, 0};
    const auto token = sampler.sample(logits, params, {{}, 0}, seed, banned);
    ASSERT_TRUE(token.is_ok());
    EXPECT_NE(*token, 1);
  }
}

TEST(Sampler, TopKKeepsTiesAtItsEdge) {
  SamplingParams params = neutral();
  params.top_k = 2;
  EXPECT_THAT(support({1, 5, 3, 3, 0}, params), ElementsAre(1, 2, 3));
  params.top_k = 1;
  EXPECT_THAT(support({1, 5, 3, 3, 0}, params), ElementsAre(1));
}

TEST(Sampler, TopKOffAndLargerThanTheVocabularyKeepAll) {
  SamplingParams params = neutral();
  for (const int64_t top_k : {0, -1, 3, 4, 2147483647}) {
    params.top_k = top_k;
    EXPECT_THAT(support({1, 2, 3}, params), ElementsAre(0, 1, 2));
  }
}

TEST(Sampler, TopPKeepsTheTokenThatCrosses) {
  // Probabilities 0.5, 0.25, 0.125, 0.125.
  const std::vector<float> logits = {std::log(4.0f), std::log(2.0f), 0.0f, 0.0f};
  SamplingParams params = neutral();
  params.top_p = 0.4;
  EXPECT_THAT(support(logits, params), ElementsAre(0));
  params.top_p = 0.6;
  EXPECT_THAT(support(logits, params), ElementsAre(0, 1));
  params.top_p = 0.8;  // one of the two equals; the higher id, as a stable ascending sort keeps
  EXPECT_THAT(support(logits, params), ElementsAre(0, 1, 3));
  params.top_p = 0.9;
  EXPECT_THAT(support(logits, params), ElementsAre(0, 1, 2, 3));
  params.top_p = 1e-300;
  EXPECT_THAT(support(logits, params), ElementsAre(0));
}

TEST(Sampler, MinPIsRelativeToTheLikeliest) {
  const std::vector<float> logits = {std::log(4.0f), std::log(2.0f), 0.0f, 0.0f};
  SamplingParams params = neutral();
  params.min_p = 0.3;
  EXPECT_THAT(support(logits, params), ElementsAre(0, 1));
  params.min_p = 1.0;
  EXPECT_THAT(support(logits, params), ElementsAre(0));
}

TEST(Sampler, NeverOffersABannedToken) {
  SamplingParams params = neutral();
  EXPECT_THAT(support({-kInf, 1, -kInf, 2}, params), ElementsAre(1, 3));
  params.top_k = 3;
  EXPECT_THAT(support({-kInf, 1, -kInf, 2}, params), ElementsAre(1, 3));
  params.top_p = 0.999999;
  params.top_k = 0;
  EXPECT_THAT(support({-kInf, 1, -kInf, 2}, params), ElementsAre(1, 3));
}

TEST(Sampler, ReportsLogitsThatAreNotNumbers) {
  const std::vector<std::vector<float>> broken = {{1, std::nanf(""), 2},
                                                  {std::nanf(""), std::nanf(""), std::nanf("")},
                                                  {-kInf, -kInf, -kInf},
                                                  {1, kInf, 2}};
  for (const double temperature : {0.0, 0.7}) {
    for (std::vector<float> logits : broken) {
      SamplingParams params = neutral();
      params.temperature = temperature;
      Sampler sampler(3);
      const auto token = sampler.sample(logits, params, {}, 1);
      ASSERT_FALSE(token.is_ok());
      EXPECT_EQ(token.status().reason(), "numeric_error");
    }
  }
}

// The largest logit is looked for in blocks of columns, several at a time.
TEST(Sampler, LooksAtEveryColumn) {
  constexpr int32_t kColumns = 150;
  SamplingParams params = neutral();
  params.temperature = 0;
  Sampler sampler(kColumns);
  for (size_t i = 0; i < kColumns; ++i) {
    std::vector<float> logits(kColumns, -3.0f);
    logits[i] = -2.5f;
    EXPECT_EQ(*sampler.sample(logits, params, {}, 1), static_cast<TokenId>(i));
    for (size_t later = i; later < kColumns; ++later) logits[later] = -2.5f;
    EXPECT_EQ(*sampler.sample(logits, params, {}, 1), static_cast<TokenId>(i));
    for (const float broken : {std::nanf(""), kInf}) {
      logits[i] = broken;
      EXPECT_FALSE(sampler.sample(logits, params, {}, 1).is_ok()) << i;
    }
    logits[i] = -kInf;
    EXPECT_TRUE(sampler.sample(logits, params, {}, 1).is_ok()) << i;
  }
}

// Maxima of blocks that come with a row spare a look at it, whatever changes logits meanwhile.
TEST(Sampler, DrawsTheSameWhetherMaximaAreKnownOrNot) {
  constexpr int32_t kVocab = 1000;
  std::mt19937 random(5);
  Sampler sampler(kVocab);
  BlockMaxima maxima(kVocab);
  for (uint32_t round = 0; round < 300; ++round) {
    const std::vector<float> logits = random_logits(kVocab, round, 3.0f);
    maxima.reset({});
    ASSERT_TRUE(maxima.update(logits));
    const std::vector<float> known(maxima.begin(), maxima.end());
    std::vector<TokenId> tokens(random() % 50), banned(random() % 3);
    for (TokenId& token : tokens) token = static_cast<TokenId>(random() % kVocab);
    for (TokenId& token : banned) token = static_cast<TokenId>(random() % kVocab);
    // The likeliest tokens are those whose blocks decide.
    const auto best = std::ranges::max_element(logits) - logits.begin();
    if (round % 3 == 0) tokens.push_back(static_cast<TokenId>(best));
    if (round % 5 == 0) banned.push_back(static_cast<TokenId>(best));
    SamplingParams params = neutral();
    params.temperature = round % 4 == 0 ? 0.0 : 0.8;
    params.top_k = round % 2 == 0 ? 20 : 0;
    params.top_p = round % 7 < 4 ? 0.9 : 1.0;
    params.repetition_penalty = round % 3 == 0 ? 1.5 : 1.0;
    params.frequency_penalty = round % 11 == 0 ? -1.0 : 0.0;
    params.no_repeat_ngram_size = round % 13 == 0 ? 1 : 0;
    if (round % 6 == 0) params.logit_bias = {{.token = static_cast<TokenId>(best), .bias = -5}};
    std::vector<float> looked = logits, spared = logits;
    const TokenHistory history = {tokens, tokens.size() / 2};
    const auto expected = sampler.sample(looked, params, history, round, banned);
    const auto actual = sampler.sample({spared, known}, params, history, round, banned);
    ASSERT_TRUE(expected.is_ok() && actual.is_ok());
    ASSERT_EQ(*actual, *expected) << round;
  }
}

TEST(Sampler, TakesAMaximumThatIsNoNumberForTheLogit) {
  Sampler sampler(100);
  std::vector<float> logits(100, 1.0f);
  const std::vector<float> known = {1.0f, NAN};
  const auto token = sampler.sample({logits, known}, neutral(), {}, 1);
  ASSERT_FALSE(token.is_ok());
  EXPECT_EQ(token.status().reason(), "numeric_error");
}

TEST(Sampler, ExtremeValuesNeverLeaveTheVocabulary) {
  std::mt19937 random(7);
  const float values[] = {0.0f, -0.0f, 1e-45f, -1e-45f, 3e38f, -3e38f, 1.0f, -kInf};
  const double temperatures[] = {1e-5, 0.01, 1.0, 100.0};
  const double penalties[] = {0.01, 1.0, 10.0};
  for (int trial = 0; trial < 2000; ++trial) {
    SamplingParams params;
    params.temperature = temperatures[random() % 4];
    params.top_k = static_cast<int64_t>(random() % 9) - 1;
    params.top_p = (1 + random() % 100) / 100.0;
    params.min_p = (random() % 101) / 100.0;
    params.repetition_penalty = penalties[random() % 3];
    params.no_repeat_ngram_size = random() % 3;
    ASSERT_TRUE(validate(params).is_ok());
    std::vector<float> logits(1 + random() % 200);
    for (float& logit : logits) logit = values[random() % 8];
    std::vector<TokenId> tokens(random() % 5);
    for (TokenId& token : tokens) token = static_cast<TokenId>(random() % logits.size());
    Sampler sampler(static_cast<int32_t>(logits.size()));
    const auto token = sampler.sample(logits, params, {tokens, 0}, random());
    if (!token) continue;  // all -inf, or a division by a small penalty overflowed
    ASSERT_GE(*token, 0);
    ASSERT_LT(*token, sampler.vocab_size());
    ASSERT_NE(logits[static_cast<size_t>(*token)], -kInf);
  }
}

TEST(Sampler, DependsOnSeedAndPositionOnly) {
  const std::vector<float> logits = random_logits(500, 3, 1.0f);
  const std::vector<TokenId> tokens = {1, 2, 3};
  const SamplingParams params = neutral();
  Sampler used(500);
  Sampler fresh(500);
  std::vector<float> other = random_logits(500, 4, 1.0f);
  (void)used.sample(other, params, {{}, 0}, 99);
  for (uint64_t seed = 0; seed < 50; ++seed) {
    std::vector<float> first = logits;
    std::vector<float> second = logits;
    EXPECT_EQ(*used.sample(first, params, {tokens, 3}, seed),
              *fresh.sample(second, params, {tokens, 3}, seed));
  }
}

// Pearson's statistic of `draws` samples against the candidates' own probabilities.
struct ChiSquare {
  double statistic = 0;
  int degrees = 0;
};
ChiSquare chi_square(const std::vector<float>& logits, const SamplingParams& params, int draws) {
  Sampler sampler(static_cast<int32_t>(logits.size()));
  std::vector<float> scratch = logits;
  const auto candidates = sampler.candidates(scratch, params, {});
  double total = 0;
  for (const Candidate& candidate : *candidates) total += candidate.weight;
  std::map<TokenId, double> expected;
  for (const Candidate& candidate : *candidates) {
    expected[candidate.token] = candidate.weight / total * draws;
  }
  std::map<TokenId, int> observed;
  for (int seed = 0; seed < draws; ++seed) {
    scratch = logits;
    const auto token = sampler.sample(scratch, params, {}, static_cast<uint64_t>(seed));
    EXPECT_TRUE(expected.contains(*token));
    ++observed[*token];
  }
  ChiSquare result{.degrees = -1};
  double rare_expected = 0;  // cells below five draws are pooled
  double rare_observed = 0;
  for (const auto& [token, count] : expected) {
    if (count < 5) {
      rare_expected += count;
      rare_observed += observed[token];
      continue;
    }
    result.statistic += (observed[token] - count) * (observed[token] - count) / count;
    ++result.degrees;
  }
  if (rare_expected >= 5) {
    result.statistic += std::pow(rare_observed - rare_expected, 2) / rare_expected;
    ++result.degrees;
  }
  return result;
}

TEST(Sampler, DrawsFromTheDistributionItOffers) {
  std::vector<SamplingParams> chains(5);
  chains[1].temperature = 0.5;
  chains[1].top_k = 40;
  chains[1].top_p = 0.9;
  chains[2].temperature = 2.0;
  chains[2].top_p = 0.95;
  chains[3].min_p = 0.2;
  chains[4].top_k = 5;
  uint32_t seed = 11;
  for (const SamplingParams& params : chains) {
    const ChiSquare result = chi_square(random_logits(200, seed, 1.5f), params, 40000);
    SCOPED_TRACE(testing::Message() << "logits seed " << seed++);
    ASSERT_GE(result.degrees, 1);
    // Four standard deviations above the mean of a chi-square variable; the seeds are fixed, so
    // this cannot flicker.
    EXPECT_LT(result.statistic, result.degrees + 4 * std::sqrt(2.0 * result.degrees));
  }
}

}  // namespace
}  // namespace youtu
