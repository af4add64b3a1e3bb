// What a load found, as a table for people, in the words of vLLM's benchmark, and as JSON for
// programs. The keys are documented in docs/performance.md and stay.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "load/load_options.h"
#include "load/load_run.h"
#include "load/statistics.h"

namespace youtu::load {

enum class LoadMetric : uint8_t { kTtft, kTpot, kItl, kE2el };

// "ttft", "tpot", "itl", "e2el".
std::string_view to_string(LoadMetric metric);
std::optional<LoadMetric> find_load_metric(std::string_view name);

struct MetricResult {
  LoadMetric metric = LoadMetric::kTtft;
  Distribution ms;
};

struct FailureCount {
  std::string what;  // "503 queue_full", "timeout", "wrong answer"
  int64_t count = 0;
};

struct RefusalResult {
  Distribution ms;      // until the whole refusal was read
  int64_t retried = 0;  // the others were the end of their requests
  int64_t without_retry_after = 0;
  std::optional<int> min_retry_after_s = {};
  std::optional<int> max_retry_after_s = {};
};

// What is asked of the results beside the load itself.
struct ReportOptions {
  Slo slo;
  std::vector<LoadMetric> metrics = {LoadMetric::kTtft, LoadMetric::kTpot, LoadMetric::kItl,
                                     LoadMetric::kE2el};
  std::vector<double> ranks = {90, 95, 99};
};

struct LoadReport {
  LoadOptions options;
  ReportOptions asked;
  std::string workload;  // "random, 128 + 128 tokens"
  double duration_s = 0;
  int64_t max_in_flight = 0;
  int64_t completed = 0;
  int64_t failed = 0;
  int64_t without_text = 0;  // of those completed: they have no TTFT
  int64_t good = 0;          // of those completed: within every objective
  int64_t input_tokens = 0;  // of those completed, as the server counts
  int64_t cached_tokens = 0;
  int64_t output_tokens = 0;
  int64_t text_pieces = 0;  // that those output tokens came in
  std::vector<MetricResult> metrics;
  std::vector<FailureCount> failures;  // the most frequent first
  RefusalResult refusals;
  std::optional<double> load_average = {};  // of this machine, at the end

  // Of something, a second.
  double rate(int64_t amount) const {
    return duration_s > 0 ? static_cast<double>(amount) / duration_s : 0;
  }
};

LoadReport make_report(const LoadOptions& options, const ReportOptions& asked,
                       const LoadResult& result);

// Each ends with a line's end.
std::string to_table(const LoadReport& report);
std::string to_json(const LoadReport& report);

}  // namespace youtu::load
