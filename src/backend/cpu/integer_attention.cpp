// Attention over the 8-bit latent cache: queries, softmax weights and, in the expanded form, keys
// and values become 16-bit integers, and the kernels of latent_kernels.h multiply them exactly.
// docs/attention.md has the layouts and the reasons.
//
// The context is cut into tiles of kLatentTile positions. What a query gets from a tile depends on
// nothing but the two, and tiles are joined in the order of the context, so neither chunks nor
// neighbours nor the number of threads change a bit.

#include <algorithm>
#include <bitset>
#include <cmath>

#include "backend/cpu/attention_shape.h"
#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/integer_tile.h"
#include "base/numbers.h"

namespace youtu {

// Some tokens' heads against one tile.
struct CpuBackend::Unit {
  int32_t token;  // from the first of the absorbed tokens
  int32_t tile;
  bool is_only;  // no other tile is merged into it
};

void CpuBackend::add_integers(const StepLimits& limits, std::vector<Reservation>& list) {
  const int64_t heads = limits.num_heads, tokens = limits.max_tokens;
  const int64_t latent = align_up<int32_t>(limits.latent_dim, 4);
  tile_bytes_ = std::max(Tile::bytes(heads, limits.latent_dim), Tile::bytes(kQueryTile, 0));
  const int64_t absorbed = kAbsorbedTokens * heads * (latent + limits.rope_dim);
  const bool in_words = !kernels_.expands_in_bf16;
  const int64_t expanded =
      in_words ? tokens * heads * (padded_nope(limits.nope_dim) + limits.rope_dim) : 0;
  const int64_t rows = std::max<int64_t>(kAbsorbedTokens, in_words ? tokens : 0);
  const Reservation own[] = {
      {&integer_q_, std::max(absorbed, expanded) * 2},
      {&integer_rows_, rows * heads * int64_t{sizeof(LatentQuery)}},
      {&unit_out_, kMaxUnits * heads * limits.latent_dim * 4},
      {&unit_states_, kMaxUnits * heads * int64_t{sizeof(SoftmaxState)}},
      {&tiles_, tile_bytes_ * pool_.num_threads()},
  };
  list.insert(list.end(), std::begin(own), std::end(own));
  if (!in_words) return add_bf16(limits, list);
  list.push_back({&packed_k_, heads * kTile * padded_nope(limits.nope_dim) * 2});
  list.push_back({&packed_v_, heads * kTile * padded_value(limits.v_dim) * 2});
  list.push_back({&packed_scales_, heads * kTile * 2 * 4});
}

// ---- absorbed

// Attends for the tokens whose queries quantize_absorbed left, and projects out of the latent
// space.
void CpuBackend::attend_integers(const MlaAttention& a, int32_t first_token, int32_t num_tokens) {
  Unit units[kMaxUnits];
  std::bitset<kAbsorbedTokens> is_joined;  // of several tiles
  int32_t count = 0;
  const auto attend = [&] {
    pool_.parallel_for(count, [&](int i, int worker) {
      attend_unit(a, units[i], first_token, num_tokens, i, worker);
    });
  };
  const auto held = [&] { return std::span<const Unit>(units, static_cast<size_t>(count)); };
  for (int32_t t = 0; t < num_tokens; ++t) {
    const SequenceSlice& sequence = sequence_of(first_token + t);
    const int32_t tiles = div_ceil(context_of(sequence, first_token + t), kTile);
    is_joined[static_cast<size_t>(t)] = tiles > 1;
    for (int32_t tile = 0; tile < tiles; ++tile) {
      if (count == kMaxUnits) {
        attend();
        pool_.parallel_for(a.num_heads, [&](int n, int) { merge_units(a, held(), n); });
        count = 0;
      }
      units[count++] = {t, tile, tiles == 1};
    }
  }
  attend();
  const auto* states = softmax_.as<SoftmaxState>();
  pool_.parallel_for(a.num_heads, [&](int n, int worker) {
    merge_units(a, held(), n);
    for (int32_t t = 0; t < num_tokens; ++t) {
      if (!is_joined[static_cast<size_t>(t)]) continue;
      const int64_t row = int64_t{t} * a.num_heads + n;
      finish_head(a, num_tokens, t, n, absorbed_out_.as<float>() + row * a.cache.latent_dim,
                  states[row].sum, worker);
    }
    if (!a.v_b->packed) return project_out(a, first_token, num_tokens, n, worker);
    multiply_panels(*a.v_b, n * a.v_dim, a.v_dim, rounded_head(a, num_tokens, n), num_tokens,
                    a.out.row(first_token) + n * a.v_dim, a.out.stride, false, worker);
  });
}

int64_t CpuBackend::rounded_head_bytes(int32_t latent_dim) const {
  return kAbsorbedTokens * align_up<int64_t>(rounded_row_bytes(latent_dim), 64);
}

// Where the attended latents of a head lie rounded, as v_b takes them.
CpuBackend::RoundedRows CpuBackend::rounded_head(const MlaAttention& a, int32_t num_tokens,
                                                 int head) {
  const int32_t latent = a.cache.latent_dim;
  return cut_rounded_rows(rounded_out_.data() + head * rounded_head_bytes(latent), num_tokens,
                          latent, a.v_b->input_bits);
}

// The end of a softmax: `values` of all tiles, divided by the sum of the weights.
void CpuBackend::finish_head(const MlaAttention& a, int32_t num_tokens, int32_t token, int head,
                             float* values, float sum, int worker) {
  const int32_t latent = a.cache.latent_dim;
  kernels_.scale(values, latent, 1.0f / sum);
  if (a.v_b->packed) round_row(values, token, latent, rounded_head(a, num_tokens, head), worker);
}

// A head of a query as integers, among the other heads.
void CpuBackend::quantize_absorbed(const MlaAttention& a, int32_t token, int head, int worker) {
  const int32_t latent = a.cache.latent_dim, padded = a.cache.padded_latent_dim();
  const int32_t rope = a.cache.rope_dim, heads = a.num_heads;
  const int64_t row = int64_t{token} * heads + head;
  auto* keys = integer_q_.as<int16_t>() + int64_t{token} * heads * (padded + rope);
  auto* words = reinterpret_cast<int16_t*>(worker_scratch(worker));  // [L, up to a quad][R]
  // The zero point is taken off as its product with the sum of the query, so it bounds the query.
  const float limit = query_limit(padded, kLatentZero);
  const float scale = a.scale * kLog2E;
  const float* query = absorbed_q_.as<float>() + row * (latent + rope);
  LatentQuery& of_row = integer_rows_.as<LatentQuery>()[row];
  of_row.key_scale = scale * kernels_.latent.quantize(query, latent, limit, words);
  std::fill(words + latent, words + padded, int16_t{0});
  of_row.rope_scale =
      scale *
      kernels_.latent.quantize(query + latent, rope, query_limit(rope, kRopeLimit), words + padded);
  const LatentPlaceArgs place = {.key = words,
                                 .rope = words + padded,
                                 .key_dims = padded,
                                 .rope_dims = rope,
                                 .row = head,
                                 .num_rows = heads,
                                 .keys = keys,
                                 .ropes = keys + int64_t{heads} * padded};
  of_row.sum = kernels_.latent.place_query(&place);
}

// All heads of a query against one tile of its context. What is not the first is held until it is
// merged; an only one is finished while it lies in the worker's cache.
void CpuBackend::attend_unit(const MlaAttention& a, const Unit& unit, int32_t first_token,
                             int32_t num_tokens, int32_t index, int worker) {
  const int32_t latent = a.cache.latent_dim, padded = a.cache.padded_latent_dim();
  const int32_t heads = a.num_heads, begin = unit.tile * kTile;
  const SequenceSlice& sequence = sequence_of(first_token + unit.token);
  const int32_t count = std::min(kTile, context_of(sequence, first_token + unit.token) - begin);
  Tile tile(tiles_.data() + worker * tile_bytes_, heads, latent);
  tile.open(a.cache, sequence, begin, count);

  const auto* keys =
      integer_q_.as<int16_t>() + int64_t{unit.token} * heads * (padded + a.cache.rope_dim);
  const LatentScoreArgs score = {.keys = tile.blocks,
                                 .ropes = tile.ropes,
                                 .num_blocks = tile.num_blocks,
                                 .key_dims = padded,
                                 .rope_dims = a.cache.rope_dim,
                                 .key_scales = tile.key_scales,
                                 .rope_scales = tile.rope_scales,
                                 .queries = keys,
                                 .rope_queries = keys + int64_t{heads} * padded,
                                 .rows = integer_rows_.as<LatentQuery>() + unit.token * heads,
                                 .num_rows = heads,
                                 .scores = tile.scores,
                                 .score_stride = kTile};
  kernels_.latent.score_bytes(&score);
  // The first tile is what the others are merged into.
  const bool is_first = unit.tile == 0;
  const int64_t row = int64_t{is_first ? unit.token : index} * heads;
  auto* states = (is_first ? softmax_ : unit_states_).as<SoftmaxState>() + row;
  for (int32_t n = 0; n < heads; ++n) {
    states[n] = {-INFINITY, 0};
    const LatentSoftmaxArgs softmax = {.scores = tile.scores + n * kTile,
                                       .count = count,
                                       .value_scales = tile.key_scales,
                                       .limit = kByteWeight,
                                       .weights = tile.weights,
                                       .row = n,
                                       .num_rows = heads};
    tile.rows[n] = kernels_.latent.softmax_bytes(&softmax, &states[n]);
  }
  float* out = unit.is_only && a.v_b->packed
                   ? tile.values
                   : (is_first ? absorbed_out_ : unit_out_).as<float>() + row * latent;
  const LatentValueArgs value = {.values = tile.blocks,
                                 .num_blocks = tile.num_blocks,
                                 .value_dims = latent,
                                 .value_stride = 0,
                                 .weights = tile.weights,
                                 .rows = tile.rows,
                                 .num_rows = heads,
                                 .out = out,
                                 .out_stride = latent};
  kernels_.latent.values_bytes(&value);
  for (int32_t n = 0; unit.is_only && n < heads; ++n) {
    finish_head(a, num_tokens, unit.token, n, out + int64_t{n} * latent, states[n].sum, worker);
  }
}

// Joins a head's results, tiles of a query in order, to that of the first.
void CpuBackend::merge_units(const MlaAttention& a, std::span<const Unit> units, int head) {
  const int32_t latent = a.cache.latent_dim;
  for (size_t i = 0; i < units.size(); ++i) {
    if (units[i].tile == 0) continue;
    const int64_t from = static_cast<int64_t>(i) * a.num_heads + head;
    const int64_t to = int64_t{units[i].token} * a.num_heads + head;
    const SoftmaxState& part = unit_states_.as<SoftmaxState>()[from];
    SoftmaxState& state = softmax_.as<SoftmaxState>()[to];
    const float* values = unit_out_.as<float>() + from * latent;
    float* out = absorbed_out_.as<float>() + to * latent;
    const float max = std::max(state.max, part.max);
    const float keep = std::exp2(state.max - max), gain = std::exp2(part.max - max);
    kernels_.latent.merge(out, keep, values, gain, latent);
    state = {max, state.sum * keep + part.sum * gain};
  }
}

// ---- expanded

void CpuBackend::attend_expanded_integers(const MlaAttention& a, const SequenceSlice& sequence) {
  const bool in_bf16 = kernels_.expands_in_bf16;
  const int32_t tiles = div_ceil(sequence.num_queries, kQueryTile);
  pool_.parallel_for(tiles * a.num_heads, [&](int task, int worker) {
    const int32_t tile = task / a.num_heads, head = task % a.num_heads;
    if (in_bf16) {
      round_queries(a, sequence, tile, head, worker);
    } else {
      quantize_queries(a, sequence, tile, head, worker);
    }
  });
  const int32_t first_position = sequence.context_length - sequence.num_queries;
  for (int32_t begin = 0; begin < sequence.context_length; begin += kTile) {
    expand_context(a, sequence, begin, std::min(begin + kTile, sequence.context_length));
    // Tiles of queries before `first` lie before these positions. All tiles of a head follow each
    // other, so that its keys and values stay in the second-level cache.
    const int32_t first = std::max(0, begin - first_position) / kQueryTile;
    const int32_t count = tiles - first;
    pool_.parallel_for(count * a.num_heads, [&](int task, int worker) {
      const int32_t tile = first + task % count, head = task / count;
      if (in_bf16) {
        attend_bf16_head(a, sequence, begin, tile, head, worker);
      } else {
        attend_packed_head(a, sequence, begin, tile, head, worker);
      }
    });
  }
  finish_expanded(a, sequence);
}

}  // namespace youtu
