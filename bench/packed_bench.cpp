// Products of packed weights with rounded activations, as many tokens as a step may have. The
// weights of "memory" are larger than the last-level cache of most machines and are read in order,
// one matrix after the other, as in a step; those of "cache" stay in the first- or second-level
// cache.

#include "kernel_benchmarks.h"

#include <benchmark/benchmark.h>

#include "backend/cpu/cpu_features.h"
#include "base/numbers.h"
#include "tensor/packed.h"

namespace youtu {

namespace {

// Bytes of any value: neither weights nor scales are subnormal numbers or not numbers.
constexpr uint8_t kAnyByte = 0x31;
constexpr int64_t kMemoryBytes = 300 << 20;
constexpr int32_t kCacheRows = 128, kTaskRows = 256;

// Panels of whole tasks, shared by all benchmarks of a format and a place.
std::span<const uint8_t> panels(const PackedShape& task, int64_t bytes) {
  static std::vector<uint8_t> memory;
  const auto size = static_cast<size_t>(align_up(bytes, task.bytes()));
  if (memory.size() < size) memory.assign(size + 64, kAnyByte);
  return {memory.data() + (64 - reinterpret_cast<uintptr_t>(memory.data()) % 64) % 64, size};
}

struct RoundedTokens {
  RoundedTokens(const CpuKernels& kernels, int32_t tokens, int32_t cols, int32_t group)
      : blocks(div_ceil(cols, int32_t{kActivationBlock})) {
    const auto rows = static_cast<size_t>(tokens);
    const auto per_row = static_cast<size_t>(blocks);
    stride = per_row * kActivationBlock + 64;
    values.resize(rows * stride + 64);
    shift = (64 - reinterpret_cast<uintptr_t>(values.data()) % 64) % 64;
    scales.resize(rows * per_row);
    sums.resize(rows * per_row * 7);
    const std::vector<float> x = random_floats(static_cast<size_t>(cols));
    for (size_t t = 0; t < rows; ++t) {
      kernels.packed.quantize_row(x.data(), cols, values.data() + shift + t * stride,
                                  scales.data() + t * per_row, sums.data() + t * per_row * 7,
                                  nullptr);
    }
    first_sum = group == 32 ? 0 : group == 64 ? 4 * blocks : 6 * blocks;
  }
  QuantizedRows rows() const {
    return {values.data() + shift,   static_cast<int64_t>(stride), scales.data(), blocks,
            sums.data() + first_sum, int64_t{blocks} * 7};
  }

  int32_t blocks, first_sum;
  size_t stride, shift = 0;
  std::vector<int8_t> values;
  std::vector<float> scales;
  std::vector<int32_t> sums;
};

void run_packed(benchmark::State& state, const CpuKernels& kernels, PackedFormat format,
                bool from_memory, int32_t tokens) {
  const PackedShape task(format, from_memory ? kTaskRows : kCacheRows, kHidden);
  const std::span<const uint8_t> bytes = panels(task, from_memory ? kMemoryBytes : task.bytes());
  const RoundedTokens x(kernels, tokens, kHidden, format.group);
  std::vector<float> out(static_cast<size_t>(task.rows * tokens));
  std::vector<uint8_t> scratch(kPackedScratchBytes + 64);
  PackedLinearArgs args = {
      .panels = bytes.data(),
      .panel_bytes = task.panel_bytes,
      .num_rows = static_cast<int32_t>(task.rows),
      .num_cols = kHidden,
      .bits = format.bits,
      .group = format.group,
      .has_min = format.has_min,
      .x = x.rows(),
      .num_tokens = tokens,
      .out = out.data(),
      .out_stride = task.rows,
      .accumulate = false,
      .reads_once = from_memory && tokens <= kReadOnceTokens && fetches_past_last_cache(),
      .scratch = scratch.data()};
  args.scratch += (64 - reinterpret_cast<uintptr_t>(args.scratch) % 64) % 64;
  const int64_t last = static_cast<int64_t>(bytes.size()) - task.bytes();
  int64_t offset = 0;
  for (auto _ : state) {
    args.panels = bytes.data() + offset;
    kernels.packed.linear(&args);
    benchmark::ClobberMemory();
    offset = offset + task.bytes() > last ? 0 : offset + task.bytes();
  }
  state.SetBytesProcessed(state.iterations() * task.bytes());
  state.counters["GMAC/s"] =
      benchmark::Counter(1e-9 * static_cast<double>(task.rows) * kHidden * tokens,
                         benchmark::Counter::kIsIterationInvariantRate);
}

// The most that the products could do at that moment.
void run_peak(benchmark::State& state, const CpuKernels& kernels) {
  constexpr int64_t kRounds = 1 << 12;
  int64_t macs = 0;
  for (auto _ : state) macs += kernels.peak_int8(kRounds);
  state.counters["GMAC/s"] =
      benchmark::Counter(1e-9 * static_cast<double>(macs), benchmark::Counter::kIsRate);
}

}  // namespace

void register_packed_benchmarks(const CpuKernels& kernels) {
  benchmark::RegisterBenchmark(benchmark_name("peak", kernels, "int8").c_str(),
                               [&kernels](benchmark::State& state) { run_peak(state, kernels); });
  for (const PackedFormat format :
       {PackedFormat{.bits = 4}, PackedFormat{.bits = 4, .group = 128}, PackedFormat{.bits = 8}}) {
    for (const bool from_memory : {false, true}) {
      for (const int32_t tokens : {1, 2, 4, 8, 16, 32, 128}) {
        const std::string shape =
            to_string(format) + (from_memory ? "/memory/" : "/cache/") + std::to_string(tokens);
        benchmark::RegisterBenchmark(
            benchmark_name("packed_linear", kernels, shape).c_str(),
            [&kernels, format, from_memory, tokens](benchmark::State& state) {
              run_packed(state, kernels, format, from_memory, tokens);
            });
      }
    }
  }
}

}  // namespace youtu
