#include "doctor_machine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <random>
#include <vector>

#include "backend/kernel_tables.h"
#include "backend/registry.h"
#include "base/available_memory.h"
#include "base/cpu_count.h"
#include "base/thread_pool.h"

namespace youtu {

namespace {

// Of all processors' time, from where it is felt in an answer.
constexpr double kBusyShare = 0.2, kStolenShare = 0.05;
// People read four or five words in a second.
constexpr double kReadingTokensPerSecond = 5;
// Much larger than the last cache of any processor.
constexpr int64_t kProbeBytes = int64_t{256} << 20;

int num_threads(int64_t threads) {
  return threads == 0 ? available_cpu_count() : static_cast<int>(threads);
}

}  // namespace

Finding check_processor(const std::string& isa) {
  const std::string name = cpu_model().value_or("a processor that does not say its name");
  const std::vector<std::string> supported = supported_kernel_tables();
  const Result<std::string> chosen = choose_kernel_table(isa);
  if (!chosen) {
    return {"processor", Verdict::kBad, fmt::format("{}: {}", name, chosen.status().message()),
            "another isa, or none: then the fastest is used"};
  }
  Finding finding = {
      "processor", Verdict::kOk,
      fmt::format("{}: can run {}; {} is used", name, fmt::join(supported, ", "), *chosen)};
  if (*chosen == "scalar") {
    finding.verdict = Verdict::kWarn;
    finding.advice = supported.size() > 1
                         ? "isa scalar is slow: leave isa away"
                         : "without AVX2 every answer is slow: another machine, or a virtual "
                           "machine that shows its processor's features (host CPU model)";
  }
  return finding;
}

Finding check_kernel_agreement(const std::string& isa) {
  const uint64_t seed = std::random_device{}();
  const Result<std::string> chosen = choose_kernel_table(isa);
  std::vector<std::string> good, wrong;
  int64_t num_calls = 0;
  bool is_chosen_wrong = false;
  for (const KernelTableCheck& check : check_kernel_tables(seed)) {
    num_calls += check.num_calls;
    if (check.status) {
      good.push_back(check.name);
      continue;
    }
    wrong.push_back(fmt::format("{}: {}", check.name, check.status.message()));
    is_chosen_wrong = is_chosen_wrong || (chosen && *chosen == check.name);
  }
  if (!wrong.empty()) {
    return {"kernels", is_chosen_wrong ? Verdict::kBad : Verdict::kWarn,
            fmt::format("{} (seed {})", fmt::join(wrong, "; "), seed),
            fmt::format("isa {} until this is understood; tell us the line above",
                        good.empty() ? "scalar" : good.front())};
  }
  if (good.empty()) {
    return {"kernels", Verdict::kOk, "scalar, which is the specification of the others"};
  }
  return {"kernels", Verdict::kOk,
          fmt::format("{} agree{} with scalar in {} comparisons", fmt::join(good, ", "),
                      good.size() == 1 ? "s" : "", num_calls)};
}

Finding check_processors(int64_t threads) {
  const CpuAllowance allowance = cpu_allowance();
  const int used = num_threads(threads);
  const std::string quota =
      allowance.quota > 0 ? fmt::format("a quota of {:g}", allowance.quota) : "no quota";
  Finding finding = {
      "processors", Verdict::kOk,
      fmt::format("{} thread{} on {} of the machine's {}, {}", used, used == 1 ? "" : "s",
                  allowance.affinity, allowance.machine, quota)};
  if (used > allowance.affinity) {
    finding.verdict = Verdict::kWarn;
    finding.found += ": threads take turns, and each step waits for the last of them";
    finding.advice = fmt::format("threads {}, or 0", available_cpu_count());
  } else if (allowance.quota > 0 && used > allowance.quota) {
    const int whole = static_cast<int>(std::floor(allowance.quota));
    finding.verdict = Verdict::kWarn;
    finding.found += ": it is used up before each period ends, and then all threads stand still";
    finding.advice = whole == 0 ? "a quota of at least 1"
                                : fmt::format("threads {}, or a quota of {}", whole, used);
  }
  return finding;
}

Finding check_neighbours(const LoadWatch& watch) {
  const MachineLoad load = watch.read();
  if (!load.others_share || !load.stolen_share) {
    return {"neighbours", Verdict::kOk, "not told by this system"};
  }
  Finding finding = {"neighbours", Verdict::kOk,
                     fmt::format("others took {:.0f} % of the processors' time, the host {:.0f} %",
                                 100 * *load.others_share, 100 * *load.stolen_share)};
  if (*load.stolen_share > kStolenShare) {
    finding.verdict = Verdict::kWarn;
    finding.advice = "steps will be uneven: a virtual machine with processors of its own";
  } else if (*load.others_share > kBusyShare) {
    finding.verdict = Verdict::kWarn;
    finding.advice =
        "see who they are (top); fewer threads than processors are faster than threads that wait";
  }
  return finding;
}

Finding check_bandwidth(const std::string& isa, int64_t threads,
                        std::optional<int64_t> weight_bytes) {
  const std::optional<int64_t> available = available_memory();
  if (available && *available < 2 * kProbeBytes) {
    return {"bandwidth", Verdict::kWarn, "not measured: too little memory is free",
            "look again when more is free"};
  }
  ThreadPool pool(num_threads(threads));
  const Result<std::unique_ptr<Backend>> backend = make_cpu_backend(isa, pool);
  if (!backend) {
    return {"bandwidth", Verdict::kWarn, "not measured: " + backend.status().message(),
            "see processor"};
  }
  const Result<Buffer> memory = (*backend)->allocate(static_cast<size_t>(kProbeBytes));
  if (!memory) {
    return {"bandwidth", Verdict::kWarn, "not measured: " + memory.status().message(),
            "look again when more is free"};
  }
  const double bytes_per_second = (*backend)->measure_peaks(*memory).read_bytes_per_second;
  Finding finding = {
      "bandwidth", Verdict::kOk,
      fmt::format("{:.1f} GB/s with {} threads", bytes_per_second / 1e9, pool.num_threads())};
  if (!weight_bytes || *weight_bytes == 0) return finding;
  const double tokens_per_second = bytes_per_second / static_cast<double>(*weight_bytes);
  finding.found +=
      fmt::format(": one answer alone gets at most {:.0f} tokens/s", tokens_per_second);
  if (tokens_per_second < kReadingTokensPerSecond) {
    finding.verdict = Verdict::kWarn;
    finding.advice = "slower than one reads: weights q4, or a machine with faster memory";
  }
  return finding;
}

}  // namespace youtu
