// What `youtu bench` found, as a table for people, and as JSON and CSV for programs. The keys are
// documented in docs/performance.md and stay.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backend/timed_backend.h"
#include "base/machine_load.h"
#include "bench/bench_plan.h"
#include "bench/spread.h"

namespace youtu {

struct BenchMachine {
  std::string cpu;
  std::string isa;
  int num_threads = 0;
  MachinePeaks lowest = {}, highest = {};   // of all probes of the run
  std::optional<double> load_average = {};  // when it began
};

struct BenchModel {
  std::string path;
  std::string weight_types;
  int64_t weight_bytes = 0;
  int64_t num_parameters = 0;
};

// A case as it was measured. Where bench_case.skipped says why it was not, the rest is empty.
struct BenchResult {
  BenchCase bench_case;
  Spread seconds = {};      // of a repetition
  int32_t num_steps = 0;    // in it
  OperationCost cost = {};  // of it
  MachinePeaks peaks = {};  // mean of the probes before and after the group of this case
  MachineLoad load = {};    // meanwhile

  double bytes_per_second() const { return static_cast<double>(cost.bytes) / seconds.median; }
  double bandwidth_fraction() const { return bytes_per_second() / peaks.read_bytes_per_second; }
  double macs_per_second() const {
    return static_cast<double>(cost.f32_macs + cost.int8_macs) / seconds.median;
  }
  // The time that the arithmetic would take at the peak of its kind, over the time taken.
  double peak_fraction() const {
    return (static_cast<double>(cost.f32_macs) / peaks.f32_macs_per_second +
            static_cast<double>(cost.int8_macs) / peaks.int8_macs_per_second) /
           seconds.median;
  }
  double ms_per_step() const { return 1e3 * seconds.median / num_steps; }
};

struct BenchReport {
  BenchMachine machine;
  BenchModel model;
  std::vector<BenchResult> results;
};

// The operations of a case's steps, in the repetition of median length. Their times and
// between_operations() add up to `seconds`.
struct OpsReport {
  BenchMachine machine;
  BenchModel model;
  BenchCase bench_case;
  double seconds = 0;  // of the repetition
  int32_t num_steps = 0;
  std::vector<OperationRecord> operations;  // sampling among them
  MachineLoad load;

  double seconds_between_operations() const;
};

// Each ends with a line's end.
std::string to_table(const BenchReport& report);
std::string to_json(const BenchReport& report);
std::string to_csv(const BenchReport& report);
std::string to_table(const OpsReport& report);
std::string to_json(const OpsReport& report);
std::string to_csv(const OpsReport& report);

}  // namespace youtu
