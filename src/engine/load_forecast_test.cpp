#include "engine/load_forecast.h"

#include <gtest/gtest.h>

namespace youtu {
namespace {

LoadForecast busy() {
  return {.max_batch_size = 4,
          .num_requests = 2,
          .num_prompt_tokens = 100,
          .num_waiting = 4,
          .num_waiting_tokens = 80,
          .seconds_per_prompt_token = 0.01,
          .seconds_per_step = 0.05,
          .seconds_between_ends = 3};
}

TEST(LoadForecast, PromptsAreReadOneAfterTheOther) {
  EXPECT_DOUBLE_EQ(busy().first_token_seconds(20), 1.0 + 0.2 + 0.05);
}

TEST(LoadForecast, AFullBatchMustEndFirst) {
  LoadForecast forecast = busy();
  forecast.num_requests = 5;
  EXPECT_DOUBLE_EQ(forecast.first_token_seconds(20), 2 * 3.0 + 0.2 + 0.05);
}

TEST(LoadForecast, RoomForTokensComesWithTheEndsOfOthers) {
  // Each end lets a prompt of 20 tokens begin.
  EXPECT_DOUBLE_EQ(busy().tokens_seconds(20, 100), 0.0);
  EXPECT_DOUBLE_EQ(busy().tokens_seconds(21, 100), 3.0);
  EXPECT_DOUBLE_EQ(busy().tokens_seconds(41, 100), 2 * 3.0);
  // What is longer than the limit waits until nobody stands before it.
  EXPECT_DOUBLE_EQ(busy().tokens_seconds(5000, 100), 4 * 3.0);
}

TEST(LoadForecast, KnowsNothingAtFirst) {
  EXPECT_DOUBLE_EQ(LoadForecast().tokens_seconds(1000, 10), 0.0);
  EXPECT_DOUBLE_EQ(LoadForecast().first_token_seconds(1000), 0.0);
}

}  // namespace
}  // namespace youtu
