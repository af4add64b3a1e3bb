// The three forms of a report, of numbers that can be worked out by hand.

#include "bench/bench_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace youtu {
namespace {

using testing::HasSubstr;

// 8 sequences make 16 tokens each in 4 seconds, at half of the bandwidth and a quarter and a half
// of the two arithmetic peaks.
BenchResult measured() {
  return {
      .bench_case = {.batch = 8, .depth = 64, .tokens = 16},
      .seconds = {.median = 4, .min = 2, .max = 8},
      .num_steps = 16,
      .cost = {.bytes = 20'000'000'000, .f32_macs = 40'000'000'000, .int8_macs = 400'000'000'000},
      .peaks = {.read_bytes_per_second = 10e9,
                .f32_macs_per_second = 40e9,
                .int8_macs_per_second = 200e9},
      .load = {.load_average = 1.5, .others_share = 0.25, .stolen_share = {}}};
}

BenchReport report() {
  BenchResult skipped;
  skipped.bench_case = {.batch = 1, .depth = 99, .tokens = 16, .skipped = "no \"room\", none"};
  return {.machine = {.cpu = "Some CPU",
                      .isa = "avx2",
                      .num_threads = 2,
                      .lowest = {.read_bytes_per_second = 9e9},
                      .highest = {.read_bytes_per_second = 11e9}},
          .model = {.path = "models/x\xff", .weight_types = "BF16 (3 tensors)"},
          .results = {measured(), skipped}};
}

TEST(BenchReport, JsonHasRatesAndFractions) {
  const auto json = parse_json(to_json(report()));
  ASSERT_TRUE(json) << json.status().message();
  EXPECT_EQ(json->at("version"), 1);
  EXPECT_EQ(json->at("machine").at("read_bandwidth_gb_s"), 11);
  EXPECT_TRUE(json->at("machine").at("load_average").is_null());
  const Json& first = json->at("results").at(0);
  EXPECT_EQ(first.at("kind"), "generate");
  EXPECT_EQ(first.at("tokens_per_second"), (Json{{"median", 32}, {"min", 16}, {"max", 64}}));
  EXPECT_EQ(first.at("ms_per_step"), 250);
  EXPECT_EQ(first.at("bytes_per_step"), 1.25e9);
  EXPECT_EQ(first.at("gb_per_second"), 5);
  EXPECT_EQ(first.at("bandwidth_fraction"), 0.5);
  EXPECT_EQ(first.at("gmac_per_second"), 110);
  EXPECT_EQ(first.at("peak_fraction"), 0.75);  // 1 s of F32 and 2 s of int8, in 4 s
  EXPECT_EQ(first.at("cpu_others"), 0.25);
  EXPECT_TRUE(first.at("cpu_stolen").is_null());
  EXPECT_TRUE(first.at("skipped").is_null());
  const Json& second = json->at("results").at(1);
  EXPECT_EQ(second.at("skipped"), "no \"room\", none");
  EXPECT_EQ(second.size(), first.size());
  for (const auto& [key, value] : first.items()) EXPECT_TRUE(second.contains(key)) << key;
  EXPECT_TRUE(second.at("tokens_per_second").is_null());
}

TEST(BenchReport, CsvHasAsManyFieldsInEveryLine) {
  const std::string csv = to_csv(report());
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < csv.size();) {
    const size_t end = csv.find('\n', begin);
    lines.push_back(csv.substr(begin, end - begin));
    begin = end + 1;
  }
  ASSERT_EQ(lines.size(), 3u);
  const auto commas = [](const std::string& line) {
    return std::count(line.begin(), line.end(), ',');
  };
  EXPECT_THAT(lines[0], testing::StartsWith("kind,batch,depth,tokens,steps,"));
  EXPECT_EQ(commas(lines[1]), commas(lines[0]));
  EXPECT_EQ(commas(lines[2]), commas(lines[0]) + 1);  // one is quoted
  EXPECT_THAT(lines[1], testing::StartsWith("generate,8,64,16,16,32,16,64,250,"));
  EXPECT_THAT(lines[2], testing::EndsWith(",\"no \"\"room\"\", none\""));
}

TEST(BenchReport, TableSaysWhatWasSkippedAndHowFarProbesLayApart) {
  const std::string table = to_table(report());
  EXPECT_THAT(table, HasSubstr("read bandwidth  9.0 to 11.0 GB/s"));
  EXPECT_THAT(table, HasSubstr("16.00..64.00"));
  EXPECT_THAT(table, HasSubstr("skipped: no \"room\", none"));
  EXPECT_THAT(table, HasSubstr("load average unknown"));
}

TEST(OpsReport, OperationsAndWhatIsBetweenThemAddUp) {
  OpsReport ops;
  ops.bench_case = {.batch = 1, .depth = 0, .tokens = 4};
  ops.seconds = 2;
  ops.num_steps = 4;
  ops.operations = {{.name = "embed", .calls = 4, .seconds = 0.5, .cost = {.bytes = 1'000'000'000}},
                    {.name = "sampling", .calls = 4, .seconds = 1}};
  EXPECT_EQ(ops.seconds_between_operations(), 0.5);
  const auto json = parse_json(to_json(ops));
  ASSERT_TRUE(json) << json.status().message();
  EXPECT_EQ(json->at("step").at("ms_per_step"), 500);
  EXPECT_EQ(json->at("operations").at(0).at("gb_per_second"), 2);
  EXPECT_EQ(json->at("operations").at(0).at("calls_per_step"), 1);
  EXPECT_EQ(json->at("operations").at(1).at("ms_per_step"), 250);
  EXPECT_EQ(json->at("between_operations").at("ms_per_step"), 125);
  EXPECT_THAT(to_csv(ops), HasSubstr("between_operations,,125,0.25,,\nstep,,500,1,,\n"));
  EXPECT_THAT(to_table(ops), HasSubstr("between operations"));
}

}  // namespace
}  // namespace youtu
