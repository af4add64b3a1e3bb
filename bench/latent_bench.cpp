// Attention over the 8-bit latent cache: all heads of one query against a tile of the context,
// which comes from memory, one tile after the other, or stays in the cache.

#include "kernel_benchmarks.h"

#include <benchmark/benchmark.h>

namespace youtu {

namespace {

constexpr int32_t kTileBlocks = kLatentTile / kLatentBlock;
constexpr int64_t kBlockBytes = kLatentBlock * (kLatent + 2 * kRope);
constexpr int64_t kMemoryBlocks = (300 << 20) / kBlockBytes / kTileBlocks * kTileBlocks;

// A query's heads and what the kernels write for them.
struct Heads {
  AlignedVector<int16_t> queries = AlignedVector<int16_t>(size_t{kHeads} * (kLatent + kRope), 77);
  AlignedVector<LatentQuery> rows =
      AlignedVector<LatentQuery>(kHeads, {1e-6f, 1e-6f, 77 * kLatent});
  AlignedVector<float> token_scales = AlignedVector<float>(kLatentTile, 0.01f);
  AlignedVector<float> scores = AlignedVector<float>(size_t{kHeads} * kLatentTile);
  AlignedVector<uint8_t> weights =
      AlignedVector<uint8_t>(size_t{kLatentTile} * (kHeads + 1) * kWeightBytes, 1);
  AlignedVector<LatentWeights> weight_rows = AlignedVector<LatentWeights>(kHeads, {1e-6f, 0, 1});
  AlignedVector<float> out = AlignedVector<float>(size_t{kHeads} * kLatent);
};

void run_tile(benchmark::State& state, const CpuKernels& kernels, int64_t num_blocks, bool scores,
              bool values) {
  const AlignedVector<uint8_t> cache(static_cast<size_t>(num_blocks * kBlockBytes), 0x31);
  Heads heads;
  const uint8_t* blocks[kTileBlocks];
  const uint8_t* ropes[kTileBlocks];
  const LatentScoreArgs score = {.keys = blocks,
                                 .ropes = ropes,
                                 .num_blocks = kTileBlocks,
                                 .key_dims = kLatent,
                                 .rope_dims = kRope,
                                 .key_scales = heads.token_scales.data(),
                                 .rope_scales = heads.token_scales.data(),
                                 .queries = heads.queries.data(),
                                 .rope_queries = heads.queries.data() + kHeads * kLatent,
                                 .rows = heads.rows.data(),
                                 .num_rows = kHeads,
                                 .scores = heads.scores.data(),
                                 .score_stride = kLatentTile};
  const LatentValueArgs value = {.values = blocks,
                                 .num_blocks = kTileBlocks,
                                 .value_dims = kLatent,
                                 .value_stride = 0,
                                 .weights = heads.weights.data(),
                                 .rows = heads.weight_rows.data(),
                                 .num_rows = kHeads,
                                 .out = heads.out.data(),
                                 .out_stride = kLatent};
  int64_t first = 0;
  for (auto _ : state) {
    for (int32_t b = 0; b < kTileBlocks; ++b) {
      blocks[b] = cache.data() + (first + b) * kBlockBytes;
      ropes[b] = blocks[b] + kLatentBlock * kLatent;
    }
    if (scores) kernels.latent.score_bytes(&score);
    if (values) kernels.latent.values_bytes(&value);
    benchmark::ClobberMemory();
    first = (first + kTileBlocks) % num_blocks;
  }
  const int64_t macs = (scores ? kLatent + kRope : 0) + (values ? kLatent : 0);
  state.counters["GMAC/s"] =
      benchmark::Counter(1e-9 * static_cast<double>(macs * kHeads * kLatentTile),
                         benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

void register_latent_benchmarks(const CpuKernels& kernels) {
  const struct {
    const char* name;
    int64_t num_blocks;
    bool scores, values;
  } cases[] = {{"latent_scores", kTileBlocks, true, false},
               {"latent_values", kTileBlocks, false, true},
               {"latent_both", kMemoryBlocks, true, true}};
  for (const auto& c : cases) {
    const char* place = c.num_blocks == kTileBlocks ? "cache" : "memory";
    benchmark::RegisterBenchmark(benchmark_name(c.name, kernels, place).c_str(),
                                 [&kernels, c](benchmark::State& state) {
                                   run_tile(state, kernels, c.num_blocks, c.scores, c.values);
                                 });
  }
}

}  // namespace youtu
