// The program kernels_bench. Flags are Google Benchmark's, such as --benchmark_filter=q4_0/avx2.

#include <benchmark/benchmark.h>

#include "backend/cpu/cpu_features.h"
#include "kernel_benchmarks.h"

int main(int argc, char** argv) {
  for (const CpuKernels* kernels : youtu::supported_kernels()) {
    youtu::register_linear_benchmarks(*kernels);
    youtu::register_packed_benchmarks(*kernels);
    youtu::register_attention_benchmarks(*kernels);
    youtu::register_bf16_benchmarks(*kernels);
    youtu::register_latent_benchmarks(*kernels);
    youtu::register_row_benchmarks(*kernels);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
