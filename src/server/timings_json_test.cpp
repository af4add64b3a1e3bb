#include "server/timings_json.h"

#include <gtest/gtest.h>

namespace youtu {
namespace {

TEST(TimingsJson, PartsAddUp) {
  RequestTimings timings;
  timings.queue_seconds = 0.010;
  timings.prefill_seconds = 0.250;
  timings.decode_seconds = 1.5;
  timings.delivery_seconds = 0.0005;
  timings.prefill_tokens = 50;
  timings.prefill_chunks = {{.tokens = 32, .seconds = 0.2}, {.tokens = 18, .seconds = 0.05}};
  const OrderedJson json =
      timings_json(timings, {.completion_tokens = 16, .cached_tokens = 64}, 0.002);
  double sum = 0;
  for (const char* part : {"prepare_ms", "queue_ms", "prefill_ms", "decode_ms", "delivery_ms"}) {
    sum += json[part].get<double>();
  }
  EXPECT_NEAR(json["total_ms"].get<double>(), sum, 1e-2);
  EXPECT_EQ(json["cached_tokens"], 64);
  EXPECT_EQ(json["prefill_chunks"].size(), 2u);
  EXPECT_EQ(json["prefill_chunks"][1]["tokens"], 18);
  EXPECT_DOUBLE_EQ(json["decode_per_second"].get<double>(), 10.0);
  EXPECT_DOUBLE_EQ(json["prefill_per_second"].get<double>(), 200.0);
}

TEST(TimingsJson, SaysNullWhereThereIsNothingToDivide) {
  const OrderedJson json = timings_json({}, {.completion_tokens = 1}, 0);
  EXPECT_TRUE(json["decode_per_second"].is_null());
  EXPECT_TRUE(json["prefill_per_second"].is_null());
}

}  // namespace
}  // namespace youtu
