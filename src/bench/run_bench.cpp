#include "bench/run_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "backend/timed_backend.h"
#include "base/available_memory.h"
#include "base/check.h"
#include "bench/step_runner.h"
#include "formats/open_model.h"
#include "model/load_model.h"

namespace youtu {

namespace {

// As much as a step reads: last caches of some hundred MB hold a part of less, and it is faster.
size_t probe_bytes(int64_t weight_bytes) {
  constexpr size_t kLeast = size_t{256} << 20, kMost = size_t{1} << 30;
  return std::clamp(static_cast<size_t>(weight_bytes), kLeast, kMost) / kLeast * kLeast;
}

MachinePeaks mean_of(const MachinePeaks& a, const MachinePeaks& b) {
  return {.read_bytes_per_second = (a.read_bytes_per_second + b.read_bytes_per_second) / 2,
          .f32_macs_per_second = (a.f32_macs_per_second + b.f32_macs_per_second) / 2,
          .int8_macs_per_second = (a.int8_macs_per_second + b.int8_macs_per_second) / 2};
}

// Applies std::min or std::max to each of the three.
template <typename Choose>
void widen(MachinePeaks& bound, const MachinePeaks& probe, const Choose& choose) {
  bound.read_bytes_per_second = choose(bound.read_bytes_per_second, probe.read_bytes_per_second);
  bound.f32_macs_per_second = choose(bound.f32_macs_per_second, probe.f32_macs_per_second);
  bound.int8_macs_per_second = choose(bound.int8_macs_per_second, probe.int8_macs_per_second);
}

// A loaded model with its cases, its cache, and the memory for probes.
class BenchSession {
 public:
  BenchSession(const BenchTarget& target, const BenchOptions& options)
      : target_(target), options_(options) {}

  Status open();
  MachinePeaks probe();

  const std::vector<BenchCase>& cases() const { return cases_; }
  TimedBackend& backend() { return *timed_; }
  StepRunner& runner() { return *runner_; }
  const BenchMachine& machine() const { return machine_; }
  BenchModel describe_model() const {
    return {target_.model_path, loaded_->weight_types, loaded_->weight_bytes,
            loaded_->num_parameters};
  }

 private:
  Status load();
  void name_weights();

  const BenchTarget& target_;
  const BenchOptions& options_;
  std::unique_ptr<LoadedModel> loaded_;
  TimedBackend* timed_ = nullptr;  // loaded_->backend
  std::optional<StepRunner> runner_;
  Buffer probe_memory_;
  std::vector<BenchCase> cases_;
  BenchMachine machine_;
  bool was_probed_ = false;
};

Status BenchSession::load() {
  RETURN_IF_ERROR(parse_weight_policy(target_.weights));
  auto opened = open_model(target_.model_path);
  RETURN_IF_ERROR(opened);
  const auto policy = read_weight_policy(*opened, target_.weights);
  RETURN_IF_ERROR(policy);
  const auto place = parse_weight_place(target_.load);
  RETURN_IF_ERROR(place);
  LoadOptions load = {.isa = target_.isa,
                      .num_threads = target_.num_threads,
                      .weights = *policy,
                      .place = *place,
                      .precise_layers = target_.precise_layers};
  load.pack_cache = find_pack_cache(target_.pack_cache, [](const char* variable) -> const char* {
    return std::getenv(variable);
  });
  load.decorate_backend = [this](std::unique_ptr<Backend> inner) {
    auto timed = std::make_unique<TimedBackend>(std::move(inner));
    timed_ = timed.get();
    return timed;
  };
  auto loaded = load_model(*opened, load);
  RETURN_IF_ERROR(loaded);
  loaded_ = std::make_unique<LoadedModel>(*std::move(loaded));
  name_weights();
  return Status::ok();
}

// A tied embedding is multiplied with as a head.
void BenchSession::name_weights() {
  const Weights& weights = loaded_->model->weights();
  for_each_weight(weights, [&](std::string_view kind, const Weight& weight) {
    timed_->name_weight(weight, &weight == &weights.embed_tokens ? "lm_head" : kind);
  });
}

Status BenchSession::open() {
  RETURN_IF_ERROR(load());
  const BackendInfo backend = timed_->info();
  machine_ = {.cpu = cpu_model().value_or("unknown"),
              .isa = backend.isa,
              .num_threads = backend.num_threads,
              .load_average = LoadWatch().read().load_average};

  auto memory = timed_->allocate(probe_bytes(loaded_->weight_bytes));
  RETURN_IF_ERROR(memory);
  probe_memory_ = *std::move(memory);
  int32_t max_batch = 1;
  for (const int32_t batch : options_.batches) max_batch = std::max(max_batch, batch);
  auto runner = StepRunner::create(*loaded_, max_batch);
  RETURN_IF_ERROR(runner);
  runner_ = *std::move(runner);

  // What is left of the machine's memory, less a tenth for everybody else.
  BenchRoom room = {
      .max_positions = loaded_->config.max_position_embeddings,
      .block_bytes = LatentCache::block_bytes(loaded_->config, loaded_->cache_dtype()),
      .cache_bytes = available_memory()};
  if (room.cache_bytes) *room.cache_bytes -= *room.cache_bytes / 10;
  cases_ = plan_cases(options_, room);
  const int64_t num_blocks = most_blocks(cases_);
  return num_blocks > 0 ? runner_->make_cache(num_blocks) : Status::ok();
}

MachinePeaks BenchSession::probe() {
  const MachinePeaks peaks = timed_->measure_peaks(probe_memory_);
  if (!std::exchange(was_probed_, true)) machine_.lowest = machine_.highest = peaks;
  widen(machine_.lowest, peaks, [](double a, double b) { return std::min(a, b); });
  widen(machine_.highest, peaks, [](double a, double b) { return std::max(a, b); });
  return peaks;
}

Result<BenchResult> measure(BenchSession& session, const BenchCase& bench_case, int repetitions) {
  BenchResult result = {.bench_case = bench_case};
  session.backend().start_recording();
  const auto warm_up = session.runner().run(bench_case);
  session.backend().stop_recording();
  RETURN_IF_ERROR(warm_up);
  result.num_steps = warm_up->num_steps;
  result.cost = session.backend().total_cost();

  const LoadWatch watch;
  std::vector<double> seconds;
  for (int i = 0; i < repetitions; ++i) {
    const auto time = session.runner().run(bench_case);
    RETURN_IF_ERROR(time);
    seconds.push_back(time->seconds);
  }
  result.load = watch.read();
  result.seconds = spread_of(std::move(seconds));
  return result;
}

bool is_same_group(const BenchCase& a, const BenchCase& b) {
  return a.kind == b.kind && a.depth == b.depth;
}

}  // namespace

Result<BenchReport> run_bench(const BenchTarget& target, const BenchOptions& options,
                              const BenchProgress& progress) {
  progress("loading the model");
  BenchSession session(target, options);
  RETURN_IF_ERROR(session.open());
  BenchReport report;
  const std::vector<BenchCase>& cases = session.cases();
  MachinePeaks before = session.probe();
  for (size_t begin = 0; begin < cases.size();) {
    size_t end = begin;
    bool was_measured = false;
    for (; end < cases.size() && is_same_group(cases[begin], cases[end]); ++end) {
      if (!cases[end].skipped.empty()) {
        report.results.push_back({.bench_case = cases[end]});
        continue;
      }
      progress(fmt::format("{} of {}: {}", end + 1, cases.size(), name_of(cases[end])));
      auto result = measure(session, cases[end], options.repetitions);
      RETURN_IF_ERROR(result);
      report.results.push_back(*std::move(result));
      was_measured = true;
    }
    if (was_measured) {
      const MachinePeaks after = session.probe();
      for (size_t i = begin; i < end; ++i) report.results[i].peaks = mean_of(before, after);
      before = after;
    }
    begin = end;
  }
  report.machine = session.machine();
  report.model = session.describe_model();
  return report;
}

Result<OpsReport> run_ops_bench(const BenchTarget& target, const BenchOptions& options,
                                const BenchProgress& progress) {
  progress("loading the model");
  BenchSession session(target, options);
  RETURN_IF_ERROR(session.open());
  CHECK(session.cases().size() == 1);
  OpsReport report;
  report.bench_case = session.cases().front();
  if (!report.bench_case.skipped.empty()) {
    return Status::resource_exhausted(name_of(report.bench_case) + ": " +
                                      report.bench_case.skipped);
  }
  progress(name_of(report.bench_case));
  session.probe();
  const auto warm_up = session.runner().run(report.bench_case);
  RETURN_IF_ERROR(warm_up);

  const LoadWatch watch;
  std::vector<double> seconds;
  std::vector<std::vector<OperationRecord>> records;
  for (int i = 0; i < options.repetitions; ++i) {
    session.backend().start_recording();
    const auto time = session.runner().run(report.bench_case);
    session.backend().stop_recording();
    RETURN_IF_ERROR(time);
    seconds.push_back(time->seconds);
    records.push_back(session.backend().records());
    records.back().push_back(
        {.name = "sampling",
         .calls = report.bench_case.kind == BenchKind::kPrompt ? 1 : report.bench_case.num_tokens(),
         .seconds = time->sampling_seconds});
    report.num_steps = time->num_steps;
  }
  report.load = watch.read();
  session.probe();
  const size_t median = index_of_median(seconds);
  report.seconds = seconds[median];
  report.operations = std::move(records[median]);
  report.machine = session.machine();
  report.model = session.describe_model();
  return report;
}

}  // namespace youtu
