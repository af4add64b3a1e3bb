// The Backend over a table of CPU kernels and a pool of threads.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "backend/backend.h"
#include "backend/cpu/cpu_features.h"
#include "backend/cpu/kernels.h"
#include "base/thread_pool.h"

namespace youtu {

// `pool` outlives the backend and is used only inside its calls.
class CpuBackend final : public Backend {
 public:
  CpuBackend(const CpuKernels& kernels, ThreadPool& pool, MemoryUse memory = MemoryUse::kTaken)
      : kernels_(kernels),
        pool_(pool),
        memory_(memory),
        reads_weights_once_(fetches_past_last_cache()) {}
  ~CpuBackend() override { close_stretch(); }

  BackendInfo info() const override;
  Result<Buffer> allocate(size_t bytes) override;
  Result<Weight> prepare(const TensorView& tensor) override;
  Result<Weight> prepare_packed(const TensorView& tensor, const PackedFormat& format,
                                InputBits input_bits) override;
  Result<Weight> adopt(const TensorView& tensor, Placement placement,
                       InputBits input_bits) override;
  Result<int64_t> reserve(const StepLimits& limits) override;

  void begin_step(const BatchView& batch) override { batch_ = &batch; }
  void embed(const Weight& table, Activation out) override;
  void norm_linear(Activation x, const Weight& gain, float eps,
                   std::span<const Projection> projections) override;
  void linear_add(const Weight& w, Activation x, Activation out) override;
  void swiglu_linear_add(const Weight& w, Activation gate, Activation up, Activation out) override;
  void rotate_and_store(const FreshTokens& tokens) override;
  void store_latent(Activation latents, const LatentLayer& cache) override;
  void move_latents(std::span<const LatentMove> moves, const RopeTable* turn,
                    const LatentLayer& cache) override;
  void mla_attention(const MlaAttention& attention) override;
  void gather_rows(Activation x, std::span<const int32_t> rows, Activation out) override;

  MachinePeaks measure_peaks(const Buffer& memory) override;

 private:
  // Calls fn(row) for each row of a small operation, a few rows to a task; one or two rows are done
  // at once, since waking another thread takes longer. Or fn(row, worker), where one thread at a
  // time is `worker`.
  template <typename Fn>
  void for_each_row(int32_t rows, const Fn& fn) {
    const auto call = [&fn](int32_t row, int worker) {
      if constexpr (std::is_invocable_v<Fn, int32_t, int>) {
        fn(row, worker);
      } else {
        fn(row);
      }
    };
    constexpr int32_t kFewRows = 2, kMaxRowsPerTask = 8;
    if (rows <= kFewRows) {
      for (int32_t row = 0; row < rows; ++row) call(row, 0);
      return;
    }
    const int32_t step = std::clamp(rows / (4 * pool_.num_threads()), 1, kMaxRowsPerTask);
    pool_.parallel_for((rows + step - 1) / step, [&](int task, int worker) {
      const int32_t begin = task * step;
      for (int32_t row = begin; row < std::min(rows, begin + step); ++row) call(row, worker);
    });
  }

  // Where rows of activations lie when they are rounded to eight bits (QuantizedRows).
  struct RoundedPart {
    int8_t* values = nullptr;
    int64_t stride = 0;  // of values
    float* scales = nullptr;
    int32_t* sums = nullptr;
  };
  // What rounding left over is rounded as well where inputs have 16 bits; else `rest` is empty.
  struct RoundedRows {
    RoundedPart whole;
    RoundedPart rest;
  };
  // A buffer to set aside, and its size.
  struct Reservation {
    Buffer* buffer = nullptr;
    int64_t bytes = 0;
  };
  bool open_stretch(size_t size);
  void close_stretch();
  std::vector<Reservation> reservations(const StepLimits& limits);
  void add_rounded(const StepLimits& limits, std::vector<Reservation>& list);
  void copy_in_parallel(std::span<const uint8_t> from, uint8_t* to);
  Status bring_into_memory(std::span<const uint8_t> bytes);
  int64_t rounded_row_bytes(int32_t cols) const;
  static RoundedRows cut_rounded_rows(uint8_t* bytes, int32_t rows, int32_t cols, InputBits bits);

  void fetch_block(int32_t token, const LatentLayer& cache) const;
  void store_row(const float* latent, int32_t token, const LatentLayer& cache, int worker);

  // linear.cpp
  // Uses the worker's scratch.
  void round_row(const float* x, int32_t row, int32_t cols, const RoundedRows& to, int worker);
  void multiply(std::span<const Projection> projections, Activation x, bool accumulate);
  void multiply_panels(const Weight& w, int32_t first_row, int32_t num_rows,
                       const RoundedRows& rounded, int32_t num_tokens, float* out,
                       int64_t out_stride, bool accumulate, int worker);
  void multiply_pairs(PackedLinearArgs args) const;
  void linear_part(const Weight& w, int32_t first_row, int32_t num_rows, Activation x, float* out,
                   int64_t out_stride, bool accumulate, int worker);
  void linear_part_packed(const Weight& w, int32_t first_row, int32_t num_rows, Activation x,
                          float* out, int64_t out_stride, bool accumulate, int worker);
  void widen_row(const Weight& w, int32_t row, float* out) const;

  // machine_peaks.cpp
  double measure_read_bandwidth(const Buffer& memory);
  double measure_macs(int64_t (*peak)(int64_t rounds));

  // attention.cpp
  void attend_absorbed(const MlaAttention& a, int32_t first_token, int32_t num_tokens);
  void attend_absorbed_heads(const MlaAttention& a, int32_t token, const SequenceSlice& sequence,
                             int32_t first_head, int32_t num_heads, int32_t absorbed_row,
                             int worker);
  void attend_latents(const MlaAttention& a, int32_t first_token, int32_t num_tokens);
  void project_out(const MlaAttention& a, int32_t first_token, int32_t num_tokens, int head,
                   int worker);
  void attend_expanded(const MlaAttention& a, const SequenceSlice& sequence);
  void finish_expanded(const MlaAttention& a, const SequenceSlice& sequence);
  void expand_context(const MlaAttention& a, const SequenceSlice& sequence, int32_t begin,
                      int32_t end);
  void attend_expanded_block(const MlaAttention& a, const SequenceSlice& sequence, int32_t begin,
                             int32_t end);
  void expand_head(const MlaAttention& a, int32_t count, int head, int worker);
  void expand_head_rounded(const MlaAttention& a, const RoundedRows& rounded, int32_t count,
                           int head, int worker);
  void copy_rounded_latent(const LatentLayer& cache, const SequenceSlice& sequence,
                           int32_t position, int32_t row, const RoundedRows& to) const;
  const SequenceSlice& sequence_of(int32_t token) const;

  // move_latents.cpp
  void turn_slot(const LatentLayer& cache, int32_t slot, const RopeTable& turn, float* key) const;

  // integer_cache.cpp
  void copy_integers(const LatentLayer& cache, const LatentMove& move) const;
  void turn_integers(const LatentLayer& cache, int32_t slot, const RopeTable& turn,
                     float* key) const;
  void store_integers(const float* latent, int32_t slot, const LatentLayer& cache, int worker);
  void widen_latent(const LatentLayer& cache, const SequenceSlice& sequence, int32_t position,
                    float* out) const;
  void widen_rope(const LatentLayer& cache, const SequenceSlice& sequence, int32_t position,
                  float* out) const;

  // integer_attention.cpp
  struct Unit;
  struct Tile;
  void add_integers(const StepLimits& limits, std::vector<Reservation>& list);
  void attend_integers(const MlaAttention& a, int32_t first_token, int32_t num_tokens);
  void quantize_absorbed(const MlaAttention& a, int32_t token, int head, int worker);
  void attend_unit(const MlaAttention& a, const Unit& unit, int32_t first_token, int32_t num_tokens,
                   int32_t index, int worker);
  int64_t rounded_head_bytes(int32_t latent_dim) const;
  RoundedRows rounded_head(const MlaAttention& a, int32_t num_tokens, int head);
  void finish_head(const MlaAttention& a, int32_t num_tokens, int32_t token, int head,
                   float* values, float sum, int worker);
  void merge_units(const MlaAttention& a, std::span<const Unit> units, int head);
  void attend_expanded_integers(const MlaAttention& a, const SequenceSlice& sequence);

  // expanded_words.cpp
  void quantize_queries(const MlaAttention& a, const SequenceSlice& sequence, int32_t tile,
                        int head, int worker);
  void pack_head(const MlaAttention& a, int32_t count, int head, int worker);
  void attend_packed_head(const MlaAttention& a, const SequenceSlice& sequence, int32_t begin,
                          int32_t tile, int head, int worker);

  // expanded_bf16.cpp
  void add_bf16(const StepLimits& limits, std::vector<Reservation>& list);
  void split_bf16(const float* x, int32_t n, float* high, float* low) const;
  void round_queries(const MlaAttention& a, const SequenceSlice& sequence, int32_t tile, int head,
                     int worker);
  void pack_ropes(const MlaAttention& a, int32_t count, int worker);
  void pack_head_bf16(const MlaAttention& a, int32_t count, int head);
  void attend_bf16_head(const MlaAttention& a, const SequenceSlice& sequence, int32_t begin,
                        int32_t query_tile, int head, int worker);

  // Turns the pairs of `values` [rotary_dim] by row `row` of the table.
  void rotate(const RopeTable& table, int32_t row, float* values) const {
    const int32_t pairs = table.rotary_dim / 2;
    const int64_t first = int64_t{row} * pairs;
    kernels_.rotate(values, table.cos + first, table.sin + first, pairs, table.interleaved);
  }
  float* worker_scratch(int worker) {
    return worker_scratch_.as<float>() + worker * worker_scratch_floats_;
  }

  const CpuKernels& kernels_;
  ThreadPool& pool_;
  const MemoryUse memory_;
  const bool reads_weights_once_;
  const BatchView* batch_ = nullptr;
  std::span<uint8_t> stretch_;   // mapped, but not yet allocated
  int32_t widest_row_ = 0;       // of the weights prepared so far
  bool has_packed_ = false;      // whether any is packed
  bool has_fine_input_ = false;  // whether any takes inputs of 16 bits
  int64_t worker_scratch_floats_ = 0;
  int64_t worker_rounded_bytes_ = 0;
  Buffer worker_scratch_;    // [threads][worker_scratch_floats_]
  Buffer worker_panels_;     // [threads][kPackedScratchBytes]
  Buffer worker_rounded_;    // [threads][worker_rounded_bytes_]
  Buffer normed_;            // [max_tokens, norm_dim] the input of a matrix product
  Buffer rounded_;           // the same, or another input, in eight bits, or twice
  Buffer absorbed_q_;        // [kAbsorbedTokens, N, L + R] queries in the latent space
  Buffer absorbed_out_;      // [kAbsorbedTokens, N, L] attended latents
  Buffer expanded_latents_;  // [kExpandedBlock, L + R] a stretch of context, widened
  Buffer expanded_k_;        // [N, kExpandedBlock, P + R]
  Buffer expanded_v_;        // [N, kExpandedBlock, V]
  Buffer softmax_;           // [max_tokens, N] SoftmaxState

  // integer_attention.cpp
  Buffer integer_q_;      // [kAbsorbedTokens, N * (L + R)] words, or [max_tokens, N * (P + R)]
  Buffer integer_rows_;   // LatentQuery [max(kAbsorbedTokens, max_tokens), N]
  Buffer unit_out_;       // [kMaxUnits, N, L]
  Buffer unit_states_;    // [kMaxUnits, N] SoftmaxState
  Buffer rounded_out_;    // [N][rounded_head_bytes] attended latents, rounded
  Buffer packed_k_;       // [N][kLatentTile] expanded keys as words, or in BF16
  Buffer packed_v_;       // [N][kLatentTile] expanded values, likewise
  Buffer packed_scales_;  // [N][2][kLatentTile] of keys, of values
  Buffer tiles_;          // [threads][tile_bytes_]
  int64_t tile_bytes_ = 0;

  // expanded_bf16.cpp
  Buffer bf16_q_;        // [tiles of queries, N, kBf16Rows, P + 3 R]
  Buffer packed_ropes_;  // [kLatentTile, 3 R] rope keys
  Buffer bf16_scratch_;  // [threads][bf16_scratch_bytes_]
  int64_t bf16_scratch_bytes_ = 0;
};

}  // namespace youtu
