// The reports as CSV (RFC 4180), one line for each result; the keys are those of the JSON.

#include <fmt/format.h>

#include "bench/bench_report.h"

namespace youtu {

namespace {

std::string quoted(const std::string& text) {
  std::string field = "\"";
  for (const char c : text) {
    if (c == '"') field += '"';
    field += c;
  }
  return field + '"';
}

// An empty field where the value is not known.
std::string field(const std::optional<double>& value) {
  return value ? fmt::format("{}", *value) : std::string();
}

}  // namespace

std::string to_csv(const BenchReport& report) {
  std::string csv =
      "kind,batch,depth,tokens,steps,tokens_per_second_median,tokens_per_second_min,"
      "tokens_per_second_max,ms_per_step,bytes_per_step,gb_per_second,read_bandwidth_gb_s,"
      "bandwidth_fraction,gmac_per_second,peak_fraction,load_average,cpu_others,cpu_stolen,"
      "skipped\n";
  for (const BenchResult& r : report.results) {
    const BenchCase& c = r.bench_case;
    csv += fmt::format("{},{},{},{},", c.kind == BenchKind::kPrompt ? "prompt" : "generate",
                       c.batch, c.depth, c.tokens);
    if (!c.skipped.empty()) {
      csv += std::string(14, ',') + quoted(c.skipped) + "\n";
      continue;
    }
    const Spread rate = rate_of(static_cast<double>(c.num_tokens()), r.seconds);
    csv += fmt::format("{},{},{},{},{},{},{},{},{},{},{},", r.num_steps, rate.median, rate.min,
                       rate.max, r.ms_per_step(), static_cast<double>(r.cost.bytes) / r.num_steps,
                       r.bytes_per_second() / 1e9, r.peaks.read_bytes_per_second / 1e9,
                       r.bandwidth_fraction(), r.macs_per_second() / 1e9, r.peak_fraction());
    csv += fmt::format("{},{},{},\n", field(r.load.load_average), field(r.load.others_share),
                       field(r.load.stolen_share));
  }
  return csv;
}

std::string to_csv(const OpsReport& report) {
  const double ms_per_step = 1e3 / report.num_steps;
  std::string csv = "name,calls_per_step,ms_per_step,share,gb_per_second,gmac_per_second\n";
  for (const OperationRecord& record : report.operations) {
    csv += fmt::format(
        "{},{},{},{},{},{}\n", record.name, static_cast<double>(record.calls) / report.num_steps,
        ms_per_step * record.seconds, record.seconds / report.seconds,
        static_cast<double>(record.cost.bytes) / record.seconds / 1e9,
        static_cast<double>(record.cost.f32_macs + record.cost.int8_macs) / record.seconds / 1e9);
  }
  const double between = report.seconds_between_operations();
  csv += fmt::format("between_operations,,{},{},,\nstep,,{},1,,\n", ms_per_step * between,
                     between / report.seconds, ms_per_step * report.seconds);
  return csv;
}

}  // namespace youtu
