#include "load/load_report.h"

#include <algorithm>
#include <array>
#include <map>

namespace youtu::load {

namespace {

constexpr std::array<std::string_view, 4> kMetricNames = {"ttft", "tpot", "itl", "e2el"};

bool keeps_to(const RequestRecord& record, const Slo& slo) {
  const auto within = [](std::optional<double> seconds, std::optional<double> ms) {
    return !ms || !seconds || *seconds * 1e3 <= *ms;
  };
  return within(record.ttft(), slo.ttft_ms) && within(record.tpot(), slo.tpot_ms) &&
         within(record.e2el(), slo.e2el_ms);
}

void add_times(const RequestRecord& record, LoadMetric metric, std::vector<double>& ms) {
  const auto add = [&](std::optional<double> seconds) {
    if (seconds) ms.push_back(*seconds * 1e3);
  };
  switch (metric) {
    case LoadMetric::kTtft:
      return add(record.ttft());
    case LoadMetric::kTpot:
      return add(record.tpot());
    case LoadMetric::kE2el:
      return add(record.e2el());
    case LoadMetric::kItl:
      break;
  }
  for (const double gap : record.gaps) add(gap);
}

MetricResult measure(LoadMetric metric, const LoadResult& result, const ReportOptions& asked) {
  std::vector<double> ms;
  for (const RequestRecord& record : result.records) {
    if (record.is_good()) add_times(record, metric, ms);
  }
  return {metric, distribution_of(std::move(ms), asked.ranks)};
}

void add_good(const RequestRecord& record, LoadReport& report) {
  ++report.completed;
  report.without_text += record.first_text ? 0 : 1;
  report.good += keeps_to(record, report.asked.slo) ? 1 : 0;
  report.input_tokens += record.usage.prompt_tokens;
  report.cached_tokens += record.usage.cached_tokens;
  report.output_tokens += record.usage.completion_tokens;
  report.text_pieces += static_cast<int64_t>(record.gaps.size()) + (record.first_text ? 1 : 0);
}

void add_refusal(const RequestRecord& record, std::vector<double>& ms, RefusalResult& refusals) {
  ms.push_back(record.e2el() * 1e3);
  refusals.retried += record.is_retried ? 1 : 0;
  if (!record.retry_after_s) {
    ++refusals.without_retry_after;
    return;
  }
  const int wait = *record.retry_after_s;
  refusals.min_retry_after_s = std::min(refusals.min_retry_after_s.value_or(wait), wait);
  refusals.max_retry_after_s = std::max(refusals.max_retry_after_s.value_or(wait), wait);
}

std::vector<FailureCount> sorted_failures(const std::map<std::string, int64_t>& counts) {
  std::vector<FailureCount> failures;
  for (const auto& [what, count] : counts) failures.push_back({what, count});
  std::stable_sort(failures.begin(), failures.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  return failures;
}

}  // namespace

std::string_view to_string(LoadMetric metric) {
  return kMetricNames[static_cast<size_t>(metric)];
}

std::optional<LoadMetric> find_load_metric(std::string_view name) {
  const auto found = std::find(kMetricNames.begin(), kMetricNames.end(), name);
  if (found == kMetricNames.end()) return std::nullopt;
  return static_cast<LoadMetric>(found - kMetricNames.begin());
}

LoadReport make_report(const LoadOptions& options, const ReportOptions& asked,
                       const LoadResult& result) {
  LoadReport report;
  report.options = options;
  report.asked = asked;
  report.duration_s = result.duration_s;
  report.max_in_flight = result.max_in_flight;
  std::map<std::string, int64_t> failures;
  std::vector<double> refusal_ms;
  for (const RequestRecord& record : result.records) {
    if (record.is_good()) {
      add_good(record, report);
      continue;
    }
    if (!record.is_retried) {
      ++report.failed;
      ++failures[record.failure];
    }
    if (record.is_refusal()) add_refusal(record, refusal_ms, report.refusals);
  }
  report.failures = sorted_failures(failures);
  report.refusals.ms = distribution_of(std::move(refusal_ms), asked.ranks);
  for (const LoadMetric metric : asked.metrics) {
    report.metrics.push_back(measure(metric, result, asked));
  }
  return report;
}

}  // namespace youtu::load
