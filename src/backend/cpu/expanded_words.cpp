// The expanded form of attention over the 8-bit latent cache in tables without BF16: queries, keys
// and values become words (docs/attention.md).

#include <algorithm>
#include <cstring>

#include "backend/cpu/attention_shape.h"
#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/integer_tile.h"
#include "base/numbers.h"

namespace youtu {

// The queries of a tile and a head as integers, interleaved.
void CpuBackend::quantize_queries(const MlaAttention& a, const SequenceSlice& sequence,
                                  int32_t tile, int head, int worker) {
  const int32_t nope = a.nope_dim, padded = padded_nope(nope), rope = a.cache.rope_dim;
  const int32_t first = tile * kQueryTile;
  const int32_t rows = std::min(kQueryTile, sequence.num_queries - first);
  auto* keys = integer_q_.as<int16_t>() +
               (int64_t{first} * a.num_heads + int64_t{head} * rows) * (padded + rope);
  auto* ropes = keys + int64_t{rows} * padded;
  auto* of_rows = integer_rows_.as<LatentQuery>() + int64_t{first} * a.num_heads + head * rows;
  auto* words = reinterpret_cast<int16_t*>(worker_scratch(worker));  // [max(P, R)]
  for (int32_t r = 0; r < rows; ++r) {
    const float* query = a.q.row(sequence.query_start + first + r) + head * (nope + rope);
    const float key_scale =
        kernels_.latent.quantize(query, nope, query_limit(padded, kKeyLimit), words);
    std::fill(words + nope, words + padded, int16_t{0});
    for (int32_t d = 0; d < padded; d += 2) {
      std::memcpy(keys + int64_t{d} * rows + 2 * r, words + d, 2 * sizeof(int16_t));
    }
    const float rope_scale =
        kernels_.latent.quantize(query + nope, rope, query_limit(rope, kRopeLimit), words);
    for (int32_t d = 0; d < rope; d += 2) {
      std::memcpy(ropes + int64_t{d} * rows + 2 * r, words + d, 2 * sizeof(int16_t));
    }
    of_rows[r] = {a.scale * kLog2E * key_scale, a.scale * kLog2E * rope_scale, 0};
  }
}

// A head's expanded keys and values, which expand_head left in F32, as words.
void CpuBackend::pack_head(const MlaAttention& a, int32_t count, int head, int worker) {
  const int32_t nope = a.nope_dim, padded = padded_nope(nope), stride = padded_value(a.v_dim);
  const int64_t first = int64_t{head} * kTile;
  const float* keys = expanded_k_.as<float>() + first * (nope + a.cache.rope_dim);
  const float* values = expanded_v_.as<float>() + first * a.v_dim;
  uint8_t* packed_k = packed_k_.data() + first * padded * 2;
  auto* packed_v = packed_v_.as<int16_t>() + first * stride;
  float* key_scales = packed_scales_.as<float>() + 2 * first;
  float* value_scales = key_scales + kTile;
  auto* words = reinterpret_cast<int16_t*>(worker_scratch(worker));  // [max(P, V)]
  for (int32_t i = 0; i < count; ++i) {
    const float* key = keys + int64_t{i} * (nope + a.cache.rope_dim);
    key_scales[i] = kernels_.latent.quantize(key, nope, kKeyLimit, words);
    std::fill(words + nope, words + padded, int16_t{0});
    uint8_t* block = packed_k + i / kBlockSize * kBlockSize * padded * 2;
    for (int32_t d = 0; d < padded; d += 2) {
      std::memcpy(block + d / 2 * kLineBytes + 4 * (i % kBlockSize), words + d, 4);
    }
    value_scales[i] =
        kernels_.latent.quantize(values + int64_t{i} * a.v_dim, a.v_dim, kValueLimit, words);
    int16_t* line = packed_v + int64_t{i / 2} * 2 * stride + i % 2;
    for (int32_t d = 0; d < a.v_dim; ++d) line[2 * d] = words[d];
  }
  // Weights beyond `count` are zero; scales there must only be finite.
  const auto rest = std::min<int32_t>(kTile, align_up<int32_t>(count, kBlockSize));
  std::fill(key_scales + count, key_scales + rest, 0.0f);
  std::fill(value_scales + count, value_scales + rest, 0.0f);
}

// A tile of queries of one head against the packed keys and values of the positions from `begin`.
void CpuBackend::attend_packed_head(const MlaAttention& a, const SequenceSlice& sequence,
                                    int32_t begin, int32_t query_tile, int head, int worker) {
  const int32_t padded = padded_nope(a.nope_dim), rope = a.cache.rope_dim;
  const int32_t first = query_tile * kQueryTile;
  const int32_t rows = std::min(kQueryTile, sequence.num_queries - first);
  const int32_t seen_by_first = sequence.context_length - sequence.num_queries + first + 1 - begin;
  const int32_t count = std::min(kTile, seen_by_first + rows - 1);  // that the last row sees
  Tile tile(tiles_.data() + worker * tile_bytes_, kQueryTile, 0);
  tile.open(a.cache, sequence, begin, count);
  const int64_t of_head = int64_t{head} * kTile;
  const uint8_t* packed_k = packed_k_.data() + of_head * padded * 2;
  const float* key_scales = packed_scales_.as<float>() + 2 * of_head;
  for (int32_t b = 0; b < tile.num_blocks; ++b) {
    tile.blocks[b] = packed_k + int64_t{b} * kBlockSize * padded * 2;
  }
  const auto* keys = integer_q_.as<int16_t>() +
                     (int64_t{first} * a.num_heads + int64_t{head} * rows) * (padded + rope);
  const auto* of_rows =
      integer_rows_.as<LatentQuery>() + int64_t{first} * a.num_heads + head * rows;
  const LatentScoreArgs score = {.keys = tile.blocks,
                                 .ropes = tile.ropes,
                                 .num_blocks = tile.num_blocks,
                                 .key_dims = padded,
                                 .rope_dims = rope,
                                 .key_scales = key_scales,
                                 .rope_scales = tile.rope_scales,
                                 .queries = keys,
                                 .rope_queries = keys + int64_t{rows} * padded,
                                 .rows = of_rows,
                                 .num_rows = rows,
                                 .scores = tile.scores,
                                 .score_stride = kTile};
  kernels_.latent.score_words(&score);

  auto* states = softmax_.as<SoftmaxState>();
  // Where a row sees less than the last one, its weights stay zero.
  std::memset(tile.weights, 0,
              sizeof(int16_t) * static_cast<size_t>(rows) *
                  static_cast<size_t>(tile.num_blocks * kBlockSize));
  for (int32_t r = 0; r < rows; ++r) {
    const int32_t seen = std::min(kTile, seen_by_first + r);
    if (seen <= 0) {
      tile.rows[r] = {.scale = 0, .keep = 1, .total = 0};
      continue;
    }
    const LatentSoftmaxArgs softmax = {.scores = tile.scores + r * kTile,
                                       .count = seen,
                                       .value_scales = key_scales + kTile,
                                       .limit = kWordWeight,
                                       .weights = tile.weights,
                                       .row = r,
                                       .num_rows = rows};
    tile.rows[r] =
        kernels_.latent.softmax_words(&softmax, &states[int64_t{first + r} * a.num_heads + head]);
  }
  const uint8_t* packed_v = packed_v_.data() + of_head * padded_value(a.v_dim) * 2;
  const LatentValueArgs value = {.values = &packed_v,
                                 .num_blocks = tile.num_blocks,
                                 .value_dims = a.v_dim,
                                 .value_stride = padded_value(a.v_dim),
                                 .weights = tile.weights,
                                 .rows = tile.rows,
                                 .num_rows = rows,
                                 .out = a.out.row(sequence.query_start + first) + head * a.v_dim,
                                 .out_stride = a.out.stride};
  kernels_.latent.values_words(&value);
}

}  // namespace youtu
