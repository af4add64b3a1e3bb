#include "engine/load_forecast.h"

#include <gtest/gtest.h>

namespace youtu {
namespace {

LoadForecast busy() {
  return {.max_batch_size = 4,
          .num_requests = 2,
          .num_prompt_tokens = 100,
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

TEST(LoadForecast, KnowsNothingAtFirst) {
  EXPECT_DOUBLE_EQ(LoadForecast().first_token_seconds(1000), 0.0);
}

}  // namespace
}  // namespace youtu
