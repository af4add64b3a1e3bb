#include "server/engine_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/prometheus_text.h"

namespace youtu {
namespace {

using testing::HasSubstr;

TEST(PrometheusText, EscapesLabelsAndAddsBucketsUp) {
  static constexpr std::array edges = {0.5, 1.0};
  Histogram histogram(edges);
  for (const double value : {0.2, 0.7, 0.8, 3.0}) histogram.observe(value);
  PrometheusText text(PrometheusText::Labels{{"model_name", "a\"b\\c\nd"}});
  text.histogram("x:y_seconds", "Some time.", histogram);
  EXPECT_EQ(text.take(),
            "# HELP x:y_seconds Some time.\n"
            "# TYPE x:y_seconds histogram\n"
            "x:y_seconds_bucket{model_name=\"a\\\"b\\\\c\\nd\",le=\"0.5\"} 1\n"
            "x:y_seconds_bucket{model_name=\"a\\\"b\\\\c\\nd\",le=\"1\"} 3\n"
            "x:y_seconds_bucket{model_name=\"a\\\"b\\\\c\\nd\",le=\"+Inf\"} 4\n"
            "x:y_seconds_sum{model_name=\"a\\\"b\\\\c\\nd\"} 4.7\n"
            "x:y_seconds_count{model_name=\"a\\\"b\\\\c\\nd\"} 4\n");
}

TEST(EngineMetrics, HasTheNamesThatDashboardsLookFor) {
  EngineStats stats;
  stats.requests_running = 3;
  stats.blocks_total = 8;
  stats.blocks_in_use = 2;
  stats.finished_length = 7;
  stats.prefix_queried_tokens = 40;
  stats.prefix_hit_tokens = 32;
  stats.histograms.time_to_first_token.observe(0.03);
  const std::string text = engine_metrics(stats, {}, "m");
  EXPECT_THAT(text, HasSubstr("vllm:num_requests_running{model_name=\"m\",engine=\"0\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("vllm:kv_cache_usage_perc{model_name=\"m\",engine=\"0\"} 0.25\n"));
  EXPECT_THAT(text,
              HasSubstr("vllm:prefix_cache_queries_total{model_name=\"m\",engine=\"0\"} 40\n"));
  EXPECT_THAT(text, HasSubstr("vllm:prefix_cache_hits_total{model_name=\"m\",engine=\"0\"} 32\n"));
  EXPECT_THAT(text, HasSubstr("vllm:request_success_total{model_name=\"m\",engine=\"0\","
                              "finished_reason=\"length\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("vllm:time_to_first_token_seconds_bucket{model_name=\"m\","
                              "engine=\"0\",le=\"0.04\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("process_resident_memory_bytes{model_name=\"m\",engine=\"0\"} "));
  EXPECT_THAT(text, HasSubstr("# TYPE vllm:inter_token_latency_seconds histogram\n"));
}

// A family stands once, with its type before its samples.
TEST(EngineMetrics, HasEachFamilyOnce) {
  const std::string text = engine_metrics({}, {}, "m");
  size_t num_types = 0;
  for (size_t at = text.find("# TYPE "); at != std::string::npos;
       at = text.find("# TYPE ", at + 1)) {
    const std::string line = text.substr(at, text.find('\n', at) - at + 1);
    EXPECT_EQ(text.find(line), text.rfind(line)) << line;
    ++num_types;
  }
  EXPECT_GE(num_types, 20u);
}

}  // namespace
}  // namespace youtu
