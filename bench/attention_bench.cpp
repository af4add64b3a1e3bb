// The pieces of attention: matrix products of queries with cached latents, of probabilities with
// them, and the running softmax between.

#include "kernel_benchmarks.h"

#include <benchmark/benchmark.h>

#include <cmath>

namespace youtu {

namespace {

using MatmulKernel = void (*)(const MatmulArgs*);

struct MatmulShape {
  const char* name;
  int32_t M, K, N;
};
// Of the absorbed form (a group of heads over a tile of 64 positions) and of the expanded form (a
// tile of queries over 256 positions).
constexpr MatmulShape kShapes[] = {
    {"absorbed_values", 4, 64, kLatent},
    {"expanded_values", 32, 256, kValue},
};

void run_matmul(benchmark::State& state, MatmulKernel kernel, size_t value_bytes,
                const MatmulShape& shape) {
  const auto M = static_cast<size_t>(shape.M), K = static_cast<size_t>(shape.K),
             N = static_cast<size_t>(shape.N);
  const std::vector<float> a = random_floats(M * K);
  const std::vector<uint8_t> b(K * N * value_bytes);
  std::vector<float> c(M * N);
  const MatmulArgs args = {a.data(), shape.K, b.data(), shape.N, c.data(),
                           shape.N,  shape.M, shape.K,  shape.N, false};
  for (auto _ : state) {
    kernel(&args);
    benchmark::ClobberMemory();
  }
  state.counters["GMAC/s"] = benchmark::Counter(1e-9 * static_cast<double>(M * K * N),
                                                benchmark::Counter::kIsIterationInvariantRate);
}

void run_softmax(benchmark::State& state, const CpuKernels& kernels, int32_t n) {
  const std::vector<float> scores = random_floats(static_cast<size_t>(n));
  std::vector<float> work(scores.size());
  SoftmaxState softmax = {-INFINITY, 0};
  for (auto _ : state) {
    work = scores;  // the kernel overwrites them
    benchmark::DoNotOptimize(kernels.softmax_step(work.data(), n, 0.1f, &softmax));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * n);
}

}  // namespace

void register_attention_benchmarks(const CpuKernels& kernels) {
  for (const MatmulShape& shape : kShapes) {
    benchmark::RegisterBenchmark(benchmark_name("matmul_f32", kernels, shape.name).c_str(),
                                 [&kernels, &shape](benchmark::State& state) {
                                   run_matmul(state, kernels.matmul_f32, sizeof(float), shape);
                                 });
    benchmark::RegisterBenchmark(benchmark_name("matmul_bf16", kernels, shape.name).c_str(),
                                 [&kernels, &shape](benchmark::State& state) {
                                   run_matmul(state, kernels.matmul_bf16, sizeof(uint16_t), shape);
                                 });
  }
  for (const int32_t n : {64, 256}) {
    benchmark::RegisterBenchmark(
        benchmark_name("softmax_step", kernels, std::to_string(n)).c_str(),
        [&kernels, n](benchmark::State& state) { run_softmax(state, kernels, n); });
  }
}

}  // namespace youtu
