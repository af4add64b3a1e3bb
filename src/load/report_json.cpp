// The report as JSON: version 1 of the form that docs/performance.md describes.
#include <fmt/format.h>

#include "base/json.h"
#include "load/load_report.h"

namespace youtu::load {

namespace {

constexpr int kVersion = 1;

// "mean_ttft_ms", "p99_ttft_ms", ...
void add_distribution(OrderedJson& json, std::string_view name, const Distribution& ms) {
  json[fmt::format("mean_{}_ms", name)] = ms.mean;
  json[fmt::format("median_{}_ms", name)] = ms.median;
  json[fmt::format("std_{}_ms", name)] = ms.deviation;
  for (const Percentile& each : ms.percentiles) {
    json[fmt::format("{}_{}_ms", percentile_name(each.rank), name)] = each.value;
  }
  json[fmt::format("max_{}_ms", name)] = ms.max;
}

void add_load(OrderedJson& json, const LoadReport& report) {
  const LoadOptions& options = report.options;
  json["version"] = kVersion;
  json["url"] = "http://" + options.target.url.host_field + options.target.url.path;
  json["api"] = to_string(options.target.api);
  json["workload"] = report.workload;
  json["num_prompts"] = options.num_prompts;
  json["request_rate"] = or_null(options.request_rate);
  json["burstiness"] = options.burstiness;
  json["max_concurrency"] = options.max_concurrency;
  json["max_retries"] = options.max_retries;
  json["temperature"] = options.sampling.temperature;
  json["ignore_eos"] = options.sampling.ignore_eos;
  json["seed"] = options.sampling.seed;
  json["checked_answers"] = options.check_answers;
}

void add_failures(OrderedJson& json, const LoadReport& report) {
  json["failures"] = OrderedJson::array();
  for (const FailureCount& each : report.failures) {
    json["failures"].push_back({{"what", each.what}, {"count", each.count}});
  }
  OrderedJson& refusals = json["refusals"];
  refusals["count"] = report.refusals.ms.count;
  refusals["retried"] = report.refusals.retried;
  add_distribution(refusals, "refusal", report.refusals.ms);
  refusals["min_retry_after_s"] = or_null(report.refusals.min_retry_after_s);
  refusals["max_retry_after_s"] = or_null(report.refusals.max_retry_after_s);
  refusals["without_retry_after"] = report.refusals.without_retry_after;
}

}  // namespace

std::string to_json(const LoadReport& report) {
  OrderedJson json;
  add_load(json, report);
  json["duration"] = report.duration_s;
  json["completed"] = report.completed;
  json["failed"] = report.failed;
  json["without_text"] = report.without_text;
  json["total_input_tokens"] = report.input_tokens;
  json["cached_input_tokens"] = report.cached_tokens;
  json["total_output_tokens"] = report.output_tokens;
  json["text_pieces"] = report.text_pieces;
  json["max_concurrent_requests"] = report.max_in_flight;
  json["request_throughput"] = report.rate(report.completed);
  json["request_goodput"] =
      report.asked.slo.is_set() ? OrderedJson(report.rate(report.good)) : OrderedJson();
  json["output_throughput"] = report.rate(report.output_tokens);
  json["total_token_throughput"] = report.rate(report.input_tokens + report.output_tokens);
  for (const MetricResult& each : report.metrics) {
    add_distribution(json, to_string(each.metric), each.ms);
  }
  add_failures(json, report);
  json["load_average"] = or_null(report.load_average);
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace youtu::load
