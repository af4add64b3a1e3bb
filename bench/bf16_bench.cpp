// Attention over expanded keys and values in BF16: the queries of some tiles, one after the other,
// against a tile of the context, which stays in the second-level cache; and how that is packed.

#include <benchmark/benchmark.h>

#include <cmath>

#include "kernel_benchmarks.h"

namespace youtu {

namespace {

constexpr int32_t kRopeDims = 3 * kRope;  // as the backend lays them out
constexpr int32_t kQueryTiles = 16, kTileBlocks = kLatentTile / kLatentBlock;

struct Head {
  AlignedVector<uint16_t> queries =
      AlignedVector<uint16_t>(size_t{kQueryTiles} * kBf16Rows * (kNope + kRopeDims), 0x3d80);
  AlignedVector<uint16_t> keys = AlignedVector<uint16_t>(size_t{kLatentTile} * kNope, 0x3f80);
  AlignedVector<uint16_t> ropes = AlignedVector<uint16_t>(size_t{kLatentTile} * kRopeDims, 0x3f80);
  AlignedVector<uint16_t> values = AlignedVector<uint16_t>(size_t{kLatentTile} * kValue, 0x3f80);
  AlignedVector<uint16_t> weights =
      AlignedVector<uint16_t>(size_t{kBf16Rows} * kBf16WeightStride, 0x3f80);
  AlignedVector<float> scores = AlignedVector<float>(size_t{kBf16Rows} * kBf16ScoreStride);
  AlignedVector<float> keep = AlignedVector<float>(kBf16Rows, 0.5f);
  AlignedVector<float> out = AlignedVector<float>(size_t{kQueryTiles} * kBf16Rows * kValue);
  AlignedVector<SoftmaxState> states = AlignedVector<SoftmaxState>(kBf16Rows, {-INFINITY, 0});
};

void run_scores(const CpuKernels& kernels, Head& head, size_t tile) {
  const Bf16ScoreArgs args = {
      .queries = head.queries.data() + tile * kBf16Rows * (kNope + kRopeDims),
      .keys = head.keys.data(),
      .ropes = head.ropes.data(),
      .num_blocks = kTileBlocks,
      .key_dims = kNope,
      .rope_dims = kRopeDims,
      .scores = head.scores.data(),
  };
  kernels.bf16.scores(&args);
}

void run_softmax(const CpuKernels& kernels, Head& head, size_t) {
  for (size_t r = 0; r < kBf16Rows; ++r) {
    kernels.bf16.softmax(head.scores.data() + r * kBf16ScoreStride, kLatentTile,
                         head.weights.data() + r * kBf16WeightStride, &head.states[r]);
  }
}

void run_values(const CpuKernels& kernels, Head& head, size_t tile) {
  const Bf16ValueArgs args = {.weights = head.weights.data(),
                              .values = head.values.data(),
                              .num_tokens = kLatentTile,
                              .value_dims = kValue,
                              .keep = head.keep.data(),
                              .num_rows = kBf16Rows,
                              .out = head.out.data() + tile * kBf16Rows * kValue,
                              .out_stride = kValue};
  kernels.bf16.values(&args);
}

void run_all(const CpuKernels& kernels, Head& head, size_t tile) {
  run_scores(kernels, head, tile);
  run_softmax(kernels, head, tile);
  run_values(kernels, head, tile);
}

using Run = void (*)(const CpuKernels&, Head&, size_t tile);

void run_tiles(benchmark::State& state, const CpuKernels& kernels, Run run, int32_t macs) {
  Head head;
  size_t tile = 0;
  for (auto _ : state) {
    run(kernels, head, tile);
    benchmark::ClobberMemory();
    tile = (tile + 1) % kQueryTiles;
  }
  constexpr double kPairs = int32_t{kBf16Rows} * int32_t{kLatentTile};
  state.counters["pairs/s"] =
      benchmark::Counter(kPairs, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["GMAC/s"] =
      benchmark::Counter(1e-9 * macs * kPairs, benchmark::Counter::kIsIterationInvariantRate);
}

void run_pack(benchmark::State& state, void (*pack)(const Bf16PackArgs*)) {
  const std::vector<float> x = random_floats(size_t{kLatentTile} * kNope);
  AlignedVector<uint16_t> out(x.size());
  const Bf16PackArgs args = {x.data(), kNope, kLatentTile, kNope, out.data()};
  for (auto _ : state) {
    pack(&args);
    benchmark::ClobberMemory();
  }
  state.counters["values/s"] = benchmark::Counter(static_cast<double>(x.size()),
                                                  benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

void register_bf16_benchmarks(const CpuKernels& kernels) {
  if (!kernels.expands_in_bf16) return;
  const struct {
    const char* name;
    Run run;
    int32_t macs;
  } cases[] = {{"bf16_scores", run_scores, kNope + kRopeDims},
               {"bf16_softmax", run_softmax, 0},
               {"bf16_values", run_values, kValue},
               {"bf16_attention", run_all, kNope + kRopeDims + kValue}};
  for (const auto& c : cases) {
    benchmark::RegisterBenchmark(
        benchmark_name(c.name, kernels, "cache").c_str(),
        [&kernels, c](benchmark::State& state) { run_tiles(state, kernels, c.run, c.macs); });
  }
  benchmark::RegisterBenchmark(
      benchmark_name("bf16_pack_keys", kernels, "cache").c_str(),
      [&kernels](benchmark::State& state) { run_pack(state, kernels.bf16.pack_keys); });
  benchmark::RegisterBenchmark(
      benchmark_name("bf16_pack_values", kernels, "cache").c_str(),
      [&kernels](benchmark::State& state) { run_pack(state, kernels.bf16.pack_values); });
}

}  // namespace youtu
