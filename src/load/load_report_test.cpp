#include "load/load_report.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace youtu::load {
namespace {

RequestRecord answered(double start, double first, double end, int64_t tokens) {
  RequestRecord record;
  record.start = start;
  record.first_text = first;
  record.end = end;
  record.gaps = {end - first};
  record.usage = {.prompt_tokens = 10, .completion_tokens = tokens};
  record.http_status = 200;
  return record;
}

RequestRecord refused(double ms, std::optional<int> retry_after) {
  RequestRecord record;
  record.end = ms / 1e3;
  record.http_status = 503;
  record.retry_after_s = retry_after;
  record.failure = "503 queue_full";
  return record;
}

LoadReport report_of(const std::vector<RequestRecord>& records, const Slo& slo = {}) {
  LoadResult result;
  result.records = records;
  result.duration_s = 4;
  ReportOptions asked;
  asked.slo = slo;
  asked.ranks = {99};
  return make_report({}, asked, result);
}

TEST(LoadReport, CountsWhatTheServerCounted) {
  RequestRecord silent = answered(0, 0, 1, 1);
  silent.first_text.reset();
  silent.gaps.clear();
  const LoadReport report = report_of({answered(0, 1, 3, 5), answered(1, 2, 4, 3), silent});
  EXPECT_EQ(report.completed, 3);
  EXPECT_EQ(report.without_text, 1);
  EXPECT_EQ(report.input_tokens, 30);
  EXPECT_EQ(report.output_tokens, 9);
  EXPECT_EQ(report.text_pieces, 4);
  EXPECT_DOUBLE_EQ(report.rate(report.output_tokens), 2.25);
  ASSERT_EQ(report.metrics.size(), 4u);
  EXPECT_DOUBLE_EQ(report.metrics[0].ms.mean, 1000);  // TTFT, of the two with text
  EXPECT_DOUBLE_EQ(report.metrics[1].ms.mean, 750);   // TPOT: 500 and 1000
  EXPECT_DOUBLE_EQ(report.metrics[2].ms.mean, 2000);  // ITL
  EXPECT_DOUBLE_EQ(report.metrics[3].ms.max, 3000);   // E2EL
}

TEST(LoadReport, GoodIsWhatKeepsToEveryObjective) {
  Slo slo;
  slo.ttft_ms = 1000;
  slo.tpot_ms = 600;
  const LoadReport report =
      report_of({answered(0, 1, 3, 5), answered(1, 2, 4, 3), answered(0, 1.5, 1.6, 5)}, slo);
  EXPECT_EQ(report.completed, 3);
  EXPECT_EQ(report.good, 1);
}

TEST(LoadReport, FailuresStandByTheirCountAndRefusalsHaveTimes) {
  RequestRecord cut;
  cut.failure = "timeout";
  cut.end = 9;
  const LoadReport report = report_of({cut, refused(10, 3), refused(30, 7), refused(20, {})});
  EXPECT_EQ(report.failed, 4);
  ASSERT_EQ(report.failures.size(), 2u);
  EXPECT_EQ(report.failures[0].what, "503 queue_full");
  EXPECT_EQ(report.failures[0].count, 3);
  EXPECT_EQ(report.refusals.ms.count, 3u);
  EXPECT_DOUBLE_EQ(report.refusals.ms.median, 20);
  EXPECT_EQ(report.refusals.min_retry_after_s, 3);
  EXPECT_EQ(report.refusals.max_retry_after_s, 7);
  EXPECT_EQ(report.refusals.without_retry_after, 1);
  const std::string table = to_table(report);
  EXPECT_NE(table.find("503 queue_full:"), std::string::npos);
  EXPECT_NE(table.find("3 to 7"), std::string::npos);
}

TEST(LoadReport, WhatIsAskedAgainHasNotFailed) {
  RequestRecord again = refused(10, 3);
  again.is_retried = true;
  const LoadReport report = report_of({again, again, answered(0, 1, 3, 5), refused(20, 3)});
  EXPECT_EQ(report.completed, 1);
  EXPECT_EQ(report.failed, 1);
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_EQ(report.failures[0].count, 1);
  EXPECT_EQ(report.refusals.ms.count, 3u);
  EXPECT_EQ(report.refusals.retried, 2);
  EXPECT_NE(to_table(report_of({again, answered(0, 1, 3, 5)})).find("Asked again at once:"),
            std::string::npos);
}

TEST(LoadReport, JsonHasVllmsNames) {
  const auto json = parse_json(to_json(report_of({answered(0, 1, 3, 5)})));
  ASSERT_TRUE(json.is_ok());
  for (const char* key :
       {"version", "duration", "completed", "failed", "total_input_tokens", "total_output_tokens",
        "request_throughput", "output_throughput", "total_token_throughput", "mean_ttft_ms",
        "median_tpot_ms", "std_itl_ms", "p99_e2el_ms", "failures", "refusals"}) {
    EXPECT_TRUE(json->contains(key)) << key;
  }
  EXPECT_TRUE((*json)["request_goodput"].is_null());
  EXPECT_DOUBLE_EQ((*json)["median_ttft_ms"], 1000);
}

TEST(LoadReport, TableHasVllmsWords) {
  const std::string table = to_table(report_of({answered(0, 1, 3, 5)}));
  for (const char* words :
       {"Successful requests:", "Benchmark duration (s):", "Total input tokens:",
        "Total generated tokens:", "Request throughput (req/s):",
        "Output token throughput (tok/s):", "Total Token throughput (tok/s):", "Mean TTFT (ms):",
        "Median TPOT (ms):", "P99 ITL (ms):", "P99 E2EL (ms):"}) {
    EXPECT_NE(table.find(words), std::string::npos) << words;
  }
  EXPECT_EQ(table.find("goodput"), std::string::npos);
}

TEST(LoadReport, NothingAnsweredIsNoDivisionByZero) {
  const LoadReport report = report_of({});
  EXPECT_EQ(report.completed, 0);
  EXPECT_TRUE(parse_json(to_json(report)).is_ok());
}

}  // namespace
}  // namespace youtu::load
