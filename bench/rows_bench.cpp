// Kernels that go over one row of activations.

#include "kernel_benchmarks.h"

#include <benchmark/benchmark.h>

namespace youtu {

namespace {

void run_rms_norm(benchmark::State& state, const CpuKernels& kernels, int32_t n) {
  const std::vector<float> x = random_floats(static_cast<size_t>(n));
  std::vector<float> out(x.size());
  for (auto _ : state) {
    kernels.rms_norm(x.data(), x.data(), n, 1e-6f, out.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * n);
}

void run_silu_mul(benchmark::State& state, const CpuKernels& kernels, int32_t n) {
  const std::vector<float> x = random_floats(static_cast<size_t>(n));
  std::vector<float> out(x.size());
  for (auto _ : state) {
    kernels.silu_mul(x.data(), x.data(), n, out.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * n);
}

void run_f32_to_bf16(benchmark::State& state, const CpuKernels& kernels, int32_t n) {
  const std::vector<float> x = random_floats(static_cast<size_t>(n));
  std::vector<uint16_t> out(x.size());
  for (auto _ : state) {
    kernels.f32_to_bf16(x.data(), n, out.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * n);
}

using Run = void (*)(benchmark::State& state, const CpuKernels& kernels, int32_t n);

void register_row(const char* name, const CpuKernels& kernels, Run run, int32_t n) {
  benchmark::RegisterBenchmark(
      benchmark_name(name, kernels, std::to_string(n)).c_str(),
      [run, &kernels, n](benchmark::State& state) { run(state, kernels, n); });
}

}  // namespace

void register_row_benchmarks(const CpuKernels& kernels) {
  register_row("rms_norm", kernels, run_rms_norm, kHidden);
  register_row("rms_norm", kernels, run_rms_norm, kLatent);
  register_row("silu_mul", kernels, run_silu_mul, kIntermediate);
  register_row("f32_to_bf16", kernels, run_f32_to_bf16, kLatent + kRope);
}

}  // namespace youtu
