// Matrix products: each projection of the model with 1, 8 and 128 tokens. The weights are larger
// than a second-level cache and are read again each time, as in a step; whether the last-level
// cache holds them depends on the machine.

#include "kernel_benchmarks.h"

#include <benchmark/benchmark.h>

#include "tensor/dtype.h"

namespace youtu {

namespace {

using LinearKernel = void (*)(const LinearArgs*);

struct Projection {
  const char* name;
  int32_t rows;
  int32_t cols;
};
constexpr Projection kProjections[] = {
    {"q_a_proj", kQueryRank, kHidden},       {"q_b_proj", kHeads*(kNope + kRope), kQueryRank},
    {"kv_a_proj", kLatent + kRope, kHidden}, {"o_proj", kHidden, kHeads* kValue},
    {"gate_proj", kIntermediate, kHidden},   {"down_proj", kHidden, kIntermediate},
};

// Every type's zero bytes are zeros with a scale of zero; no kernel is faster for them.
void run_linear(benchmark::State& state, LinearKernel kernel, DType dtype,
                const Projection& projection, int32_t num_tokens) {
  const DTypeInfo& info = dtype_info(dtype);
  const int64_t row_bytes = projection.cols / info.block_values * int64_t{info.block_bytes};
  const std::vector<uint8_t> weights(static_cast<size_t>(projection.rows * row_bytes));
  const auto tokens = static_cast<size_t>(num_tokens);
  const std::vector<float> x = random_floats(tokens * static_cast<size_t>(projection.cols));
  std::vector<float> out(tokens * static_cast<size_t>(projection.rows));
  const LinearArgs args = {weights.data(),  row_bytes, projection.rows, projection.cols,
                           num_tokens,      x.data(),  projection.cols, out.data(),
                           projection.rows, false};
  for (auto _ : state) {
    kernel(&args);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * projection.rows * row_bytes);
  state.counters["GMAC/s"] =
      benchmark::Counter(1e-9 * static_cast<double>(projection.rows) * projection.cols * num_tokens,
                         benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

void register_linear_benchmarks(const CpuKernels& kernels) {
  const struct {
    LinearKernel kernel;
    DType dtype;
    const char* name;
  } types[] = {{kernels.linear_f32, DType::kF32, "linear_f32"},
               {kernels.linear_f16, DType::kF16, "linear_f16"},
               {kernels.linear_bf16, DType::kBF16, "linear_bf16"},
               {kernels.linear_q8_0, DType::kQ8_0, "linear_q8_0"},
               {kernels.linear_q4_0, DType::kQ4_0, "linear_q4_0"}};
  for (const auto& type : types) {
    for (const Projection& projection : kProjections) {
      for (const int32_t num_tokens : {1, 8, 128}) {
        const std::string shape = std::string(projection.name) + "/" + std::to_string(num_tokens);
        benchmark::RegisterBenchmark(benchmark_name(type.name, kernels, shape).c_str(),
                                     [type, &projection, num_tokens](benchmark::State& state) {
                                       run_linear(state, type.kernel, type.dtype, projection,
                                                  num_tokens);
                                     });
      }
    }
  }
}

}  // namespace youtu
