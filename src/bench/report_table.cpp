// The reports as tables for people.

#include <fmt/format.h>

#include "bench/bench_report.h"

namespace youtu {

namespace {

// "12.3" or, where probes differed, "11.8 to 12.3"
std::string range(double lowest, double highest) {
  const std::string low = fmt::format("{:.1f}", lowest / 1e9);
  const std::string high = fmt::format("{:.1f}", highest / 1e9);
  return low == high ? low : low + " to " + high;
}

std::string percent(const std::optional<double>& share) {
  return share ? fmt::format("{:.0f}%", 100 * *share) : std::string("-");
}

std::string header(const BenchMachine& machine, const BenchModel& model) {
  const MachinePeaks &low = machine.lowest, &high = machine.highest;
  std::string text;
  text += fmt::format("model           {}\n", model.path);
  text += fmt::format("weights         {}, {:.1f} MB, {:.1f} million parameters\n",
                      model.weight_types, static_cast<double>(model.weight_bytes) / 1e6,
                      static_cast<double>(model.num_parameters) / 1e6);
  text +=
      fmt::format("machine         {}, isa {}, {} thread{}, load average {}\n", machine.cpu,
                  machine.isa, machine.num_threads, machine.num_threads == 1 ? "" : "s",
                  machine.load_average ? fmt::format("{:.2f}", *machine.load_average) : "unknown");
  text += fmt::format("read bandwidth  {} GB/s\n",
                      range(low.read_bytes_per_second, high.read_bytes_per_second));
  text += fmt::format("arithmetic      F32 {} GMAC/s, int8 {} GMAC/s\n\n",
                      range(low.f32_macs_per_second, high.f32_macs_per_second),
                      range(low.int8_macs_per_second, high.int8_macs_per_second));
  return text;
}

std::string row(const BenchResult& r) {
  const BenchCase& c = r.bench_case;
  std::string text =
      fmt::format("{:8}  {:>5}  {:>6}  {:>6}  ",
                  c.kind == BenchKind::kPrompt ? "prompt" : "generate", c.batch, c.depth, c.tokens);
  if (!c.skipped.empty()) return text + "skipped: " + c.skipped + "\n";
  const Spread rate = rate_of(static_cast<double>(c.num_tokens()), r.seconds);
  text += fmt::format("{:>9.2f}  {:>19}  {:>9.2f}  {:>8.1f}  {:>6.2f}  {:>7}", rate.median,
                      fmt::format("{:.2f}..{:.2f}", rate.min, rate.max), r.ms_per_step(),
                      static_cast<double>(r.cost.bytes) / r.num_steps / 1e6,
                      r.bytes_per_second() / 1e9, percent(r.bandwidth_fraction()));
  text += fmt::format(
      "  {:>7.1f}  {:>7}  {:>5}  {:>6}  {:>6}\n", r.macs_per_second() / 1e9,
      percent(r.peak_fraction()),
      r.load.load_average ? fmt::format("{:.1f}", *r.load.load_average) : std::string("-"),
      percent(r.load.others_share), percent(r.load.stolen_share));
  return text;
}

}  // namespace

double OpsReport::seconds_between_operations() const {
  double rest = seconds;
  for (const OperationRecord& record : operations) rest -= record.seconds;
  return rest;
}

std::string to_table(const BenchReport& report) {
  std::string text = header(report.machine, report.model);
  text += fmt::format(
      "{:8}  {:>5}  {:>6}  {:>6}  {:>9}  {:>19}  {:>9}  {:>8}  {:>6}  {:>7}  {:>7}  {:>7}  {:>5}  "
      "{:>6}  {:>6}\n",
      "kind", "batch", "depth", "tokens", "tokens/s", "min..max", "ms/step", "MB/step", "GB/s",
      "of read", "GMAC/s", "of peak", "load", "others", "stolen");
  for (const BenchResult& result : report.results) text += row(result);
  return text;
}

std::string to_table(const OpsReport& report) {
  const double ms_per_step = 1e3 / report.num_steps;
  std::string text = header(report.machine, report.model);
  text += fmt::format("{}: {} steps of {:.3f} ms, load average {}, others {}, stolen {}\n\n",
                      name_of(report.bench_case), report.num_steps, ms_per_step * report.seconds,
                      report.load.load_average ? fmt::format("{:.1f}", *report.load.load_average)
                                               : std::string("-"),
                      percent(report.load.others_share), percent(report.load.stolen_share));
  text += fmt::format("{:26}  {:>10}  {:>9}  {:>6}  {:>6}  {:>7}\n", "operation", "calls/step",
                      "ms/step", "share", "GB/s", "GMAC/s");
  const auto rate = [](int64_t amount, double seconds, int digits) {
    return amount == 0
               ? std::string("-")
               : fmt::format("{:.{}f}", static_cast<double>(amount) / seconds / 1e9, digits);
  };
  const auto line = [&](const std::string& name, const std::string& calls, double seconds) {
    return fmt::format("{:26}  {:>10}  {:>9.3f}  {:>5.1f}%", name, calls, ms_per_step * seconds,
                       100 * seconds / report.seconds);
  };
  for (const OperationRecord& record : report.operations) {
    text += line(record.name,
                 fmt::format("{:.4g}", static_cast<double>(record.calls) / report.num_steps),
                 record.seconds);
    text += fmt::format("  {:>6}  {:>7}\n", rate(record.cost.bytes, record.seconds, 2),
                        rate(record.cost.f32_macs + record.cost.int8_macs, record.seconds, 1));
  }
  text += line("between operations", "", report.seconds_between_operations()) + "\n";
  text += line("step", "", report.seconds) + "\n";
  return text;
}

}  // namespace youtu
