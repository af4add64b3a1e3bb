// The report as a table for people.
#include <fmt/format.h>

#include "load/load_report.h"

namespace youtu::load {

namespace {

constexpr size_t kWidth = 50;

// In the middle of a line.
std::string title(std::string_view text, char line) {
  const size_t left = (kWidth - text.size()) / 2;
  return std::string(left, line).append(text).append(kWidth - left - text.size(), line) + "\n";
}

std::string count(std::string_view name, int64_t value) {
  return fmt::format("{:<40} {:<10}\n", name, value);
}

std::string number(std::string_view name, double value) {
  return fmt::format("{:<40} {:<10.2f}\n", name, value);
}

std::string_view title_of(LoadMetric metric) {
  switch (metric) {
    case LoadMetric::kTtft:
      return "Time to First Token";
    case LoadMetric::kTpot:
      return "Time per Output Token (excl. 1st token)";
    case LoadMetric::kItl:
      return "Inter-token Latency";
    case LoadMetric::kE2el:
      break;
  }
  return "End-to-end Latency";
}

std::string_view short_name(LoadMetric metric) {
  switch (metric) {
    case LoadMetric::kTtft:
      return "TTFT";
    case LoadMetric::kTpot:
      return "TPOT";
    case LoadMetric::kItl:
      return "ITL";
    case LoadMetric::kE2el:
      break;
  }
  return "E2EL";
}

std::string rows(std::string_view name, const Distribution& ms) {
  std::string text = number(fmt::format("Mean {} (ms):", name), ms.mean);
  text += number(fmt::format("Median {} (ms):", name), ms.median);
  for (const Percentile& each : ms.percentiles) {
    text += number(fmt::format("P{:g} {} (ms):", each.rank, name), each.value);
  }
  return text + number(fmt::format("Max {} (ms):", name), ms.max);
}

std::string head(const LoadReport& report) {
  const LoadOptions& options = report.options;
  std::string text = title(" Serving Benchmark Result ", '=');
  text += fmt::format("{:<40} {}\n", "Workload:", report.workload);
  if (options.request_rate) {
    text += number("Request rate configured (RPS):", *options.request_rate);
    text += number("Burstiness:", options.burstiness);
  }
  text += count("Maximum request concurrency:", options.max_concurrency);
  text += count("Peak concurrent requests:", report.max_in_flight);
  text += count("Successful requests:", report.completed);
  text += count("Failed requests:", report.failed);
  if (report.without_text > 0) text += count("Answers without text:", report.without_text);
  text += number("Benchmark duration (s):", report.duration_s);
  text += count("Total input tokens:", report.input_tokens);
  if (report.cached_tokens > 0) text += count("Cached input tokens:", report.cached_tokens);
  text += count("Total generated tokens:", report.output_tokens);
  text += number("Request throughput (req/s):", report.rate(report.completed));
  if (report.asked.slo.is_set()) {
    text += number("Request goodput (req/s):", report.rate(report.good));
  }
  text += number("Output token throughput (tok/s):", report.rate(report.output_tokens));
  text += number("Total Token throughput (tok/s):",
                 report.rate(report.input_tokens + report.output_tokens));
  if (report.load_average) text += number("Load average of this machine:", *report.load_average);
  return text;
}

// A token whose text waits for the next has no piece of its own, so the two counts may differ.
std::string metrics(const LoadReport& report) {
  std::string text;
  for (const MetricResult& each : report.metrics) {
    text += title(title_of(each.metric), '-');
    text += rows(short_name(each.metric), each.ms);
    if (each.metric == LoadMetric::kItl && report.text_pieces > 0) {
      text += number("Tokens per piece of text:", static_cast<double>(report.output_tokens) /
                                                      static_cast<double>(report.text_pieces));
    }
  }
  return text;
}

std::string failures(const LoadReport& report) {
  std::string text;
  if (!report.failures.empty()) text += title("Failures", '-');
  for (const FailureCount& each : report.failures) text += count(each.what + ":", each.count);
  const RefusalResult& refusals = report.refusals;
  if (refusals.ms.count == 0) return text;
  text += title("Refusals", '-') + rows("refusal", refusals.ms);
  if (refusals.retried > 0) text += count("Asked again at once:", refusals.retried);
  if (refusals.min_retry_after_s) {
    text += fmt::format("{:<40} {} to {}\n", "Retry-After (s):", *refusals.min_retry_after_s,
                        *refusals.max_retry_after_s);
  }
  return text + count("Without Retry-After:", refusals.without_retry_after);
}

}  // namespace

std::string to_table(const LoadReport& report) {
  return head(report) + metrics(report) + failures(report) + title("", '=');
}

}  // namespace youtu::load
