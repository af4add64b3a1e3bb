// The search, over an engine whose needs are plain arithmetic.
#include "engine/memory_remedies.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "base/check.h"
#include "engine/engine_options.h"

namespace youtu {
namespace {

// Weights, a byte of cache for each token and 1000 for each token of a step.
Result<int64_t> need_of(const EngineOptions& options) {
  RETURN_IF_ERROR(validate(options, 1 << 20));
  const std::map<std::string, int64_t> weights = {
      {"auto", 4'000'000}, {"q8", 2'000'000}, {"q4", 1'000'000}};
  const int64_t tokens = options.cache_tokens > 0
                             ? options.cache_tokens
                             : batch_size_of(options) * options.max_context_tokens;
  const int64_t token_bytes = options.cache_dtype == "int8" ? 50 : 100;
  return weights.at(options.weights) + tokens * token_bytes + options.max_step_tokens * 1000;
}

EngineOptions big_options() {
  EngineOptions options;
  options.max_context_tokens = 4096;
  options.max_batch_size = 8;
  options.max_step_tokens = 512;
  return options;
}

MemoryReport find(const EngineOptions& options, int64_t available) {
  MemoryReport report;
  report.plan.weight_bytes = *need_of(options);
  find_remedies({.options = options, .available_bytes = available, .need = need_of}, report);
  return report;
}

std::vector<std::string> changes(const MemoryReport& report) {
  std::vector<std::string> list;
  for (const MemoryRemedy& remedy : report.remedies) list.push_back(remedy.change);
  return list;
}

// 4'000'000 + 3'276'800 + 512'000.
constexpr int64_t kBigNeed = 7'788'800;

TEST(MemoryRemedies, ChangeAsLittleAsFits) {
  ASSERT_EQ(*need_of(big_options()), kBigNeed);
  const MemoryReport report = find(big_options(), kBigNeed - 100'000);
  EXPECT_EQ(changes(report), (std::vector<std::string>{"cache_tokens 31744", "max_batch_size 7",
                                                       "max_step_tokens 384"}));
  EXPECT_EQ(report.remedies[0].start_bytes, kBigNeed - 1024 * 100);
  EXPECT_EQ(report.remedies[1].start_bytes, kBigNeed - 4096 * 100);
  EXPECT_EQ(report.remedies[2].start_bytes, kBigNeed - 128 * 1000);
}

TEST(MemoryRemedies, LeaveOutWhatDoesNotSuffice) {
  // Steps and batches are not enough; the cache is.
  const MemoryReport report = find(big_options(), kBigNeed - 2'867'200);
  EXPECT_EQ(changes(report), (std::vector<std::string>{"cache_tokens 4096", "max_batch_size 1",
                                                       "max_context_tokens 512"}));
  EXPECT_EQ(changes(find(big_options(), kBigNeed - 2'990'000)),
            (std::vector<std::string>{"max_context_tokens 256", "weights q4"}));
}

TEST(MemoryRemedies, JoinSeveralWhereNoneSuffices) {
  const MemoryReport report = find(big_options(), 3'000'000);
  ASSERT_EQ(report.remedies.size(), 1u);
  EXPECT_EQ(report.remedies[0].change, "cache_tokens 4864 and weights q8");
  EXPECT_EQ(report.remedies[0].start_bytes, 2'000'000 + 4864 * 100 + 512'000);
}

TEST(MemoryRemedies, SayWhatTheSmallestTakeWhereNothingFits) {
  const MemoryReport report = find(big_options(), 1'000'000);
  EXPECT_TRUE(report.remedies.empty());
  EXPECT_EQ(report.least_bytes, 1'000'000 + 256 * 50 + 64'000);
}

}  // namespace
}  // namespace youtu
