// Measures a model on this machine: `youtu bench` and `youtu bench ops` without their flags.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "bench/bench_plan.h"
#include "bench/bench_report.h"
#include "youtu/engine.h"
#include "youtu/status.h"

namespace youtu {

struct BenchTarget {
  std::string model_path;
  std::string isa;                                      // as in LoadOptions
  std::string weights = "auto";                         // as in EngineOptions
  int precise_layers = EngineOptions{}.precise_layers;  // likewise
  std::string pack_cache = "off";                       // likewise
  std::string load = "auto";                            // likewise
  int num_threads = 0;
};

inline constexpr int32_t kMaxBenchBatch = 256;

// Is told what is about to be measured, so that a person who waits knows for what.
using BenchProgress = std::function<void(std::string_view what)>;

// Loads the model and measures every case that there is room for: once to warm up and to count what
// a repetition costs, then as often as the options say, with no clock inside the steps. The machine
// is probed before and after each group of cases (all prompts; all batches of a depth), because
// neighbours change what it can do. REQUIRES: batches of at most kMaxBenchBatch, and a case.
Result<BenchReport> run_bench(const BenchTarget& target, const BenchOptions& options,
                              const BenchProgress& progress);

// The same for a single case, whose steps are taken apart. Fails where there is no room for it.
Result<OpsReport> run_ops_bench(const BenchTarget& target, const BenchOptions& options,
                                const BenchProgress& progress);

}  // namespace youtu
