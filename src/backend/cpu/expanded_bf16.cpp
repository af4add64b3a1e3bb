// Expanded attention over the 8-bit latent cache where keys, values and softmax weights become BF16
// (bf16_kernels.h): no scales to carry along, so scores leave the products as the softmax takes
// them. docs/attention.md says when.
//
// Rope parts, whose products may be large, are two numbers for each value, high + low: queries lie
// as high, low, high and keys as high, high, low, which leaves low * low out.

#include <algorithm>

#include "backend/cpu/attention_shape.h"
#include "backend/cpu/cpu_backend.h"
#include "base/numbers.h"

namespace youtu {

namespace {

constexpr int64_t kHalf = sizeof(uint16_t);
static_assert(int{kBf16Rows} == kQueryTile && int{kBf16Lanes} == kBlockSize);

int32_t padded_dims(int32_t dims) {
  return align_up<int32_t>(dims, kBf16Depth);
}
constexpr int32_t kRopeParts = 3;
int32_t rope_dims_of(int32_t rope_dim) {
  return padded_dims(kRopeParts * rope_dim);
}
int64_t value_dims(int32_t v_dim) {
  return align_up<int32_t>(v_dim, kBf16Lanes);
}

// What a worker computes of a tile of queries and a tile of the context.
struct Scratch {
  float scores[kBf16Rows * kBf16ScoreStride];
  uint16_t weights[kBf16Rows * kBf16WeightStride];
  float keep[kBf16Rows];
};

}  // namespace

// x[i] = high[i] + low[i], the first a BF16 number, but for what the second loses as one.
void CpuBackend::split_bf16(const float* x, int32_t n, float* high, float* low) const {
  auto* halves = reinterpret_cast<uint16_t*>(low);
  kernels_.f32_to_bf16(x, n, halves);
  kernels_.bf16_to_f32(halves, n, high);
  for (int32_t i = 0; i < n; ++i) low[i] = x[i] - high[i];
}

void CpuBackend::add_bf16(const StepLimits& limits, std::vector<Reservation>& list) {
  const int64_t heads = limits.num_heads, keys = padded_dims(limits.nope_dim);
  const int64_t ropes = rope_dims_of(limits.rope_dim);
  const int64_t queries = align_up<int32_t>(limits.max_tokens, kBf16Rows);
  bf16_scratch_bytes_ = align_up<int64_t>(sizeof(Scratch), 64);
  const Reservation own[] = {
      {&bf16_q_, queries * heads * (keys + ropes) * kHalf},
      {&packed_k_, heads * kLatentTile * keys * kHalf},
      {&packed_ropes_, kLatentTile * ropes * kHalf},
      {&packed_v_, heads * kLatentTile * value_dims(limits.v_dim) * kHalf},
      {&bf16_scratch_, bf16_scratch_bytes_ * pool_.num_threads()},
  };
  list.insert(list.end(), std::begin(own), std::end(own));
}

// The queries of a tile and a head, scaled for the softmax. Rows that do not exist hold anything.
void CpuBackend::round_queries(const MlaAttention& a, const SequenceSlice& sequence, int32_t tile,
                               int head, int worker) {
  const int32_t nope = a.nope_dim, rope = a.cache.rope_dim, first = tile * kQueryTile;
  const int32_t key_dims = padded_dims(nope), dims = key_dims + rope_dims_of(rope);
  const int32_t rows = std::min(kQueryTile, sequence.num_queries - first);
  uint16_t* to = bf16_q_.as<uint16_t>() + (int64_t{tile} * a.num_heads + head) * kBf16Rows * dims;
  float* scaled = worker_scratch(worker);  // [P + R]
  float* parts = scaled + nope + rope;     // [kRopeParts, R]
  for (int32_t r = 0; r < rows; ++r, to += dims) {
    const float* query = a.q.row(sequence.query_start + first + r) + head * (nope + rope);
    for (int32_t d = 0; d < nope + rope; ++d) scaled[d] = query[d] * (a.scale * kLog2E);
    kernels_.f32_to_bf16(scaled, nope, to);
    std::fill(to + nope, to + key_dims, uint16_t{0});
    split_bf16(scaled + nope, rope, parts, parts + rope);
    std::copy_n(parts, rope, parts + 2 * rope);
    kernels_.f32_to_bf16(parts, kRopeParts * rope, to + key_dims);
    std::fill(to + key_dims + kRopeParts * rope, to + dims, uint16_t{0});
  }
}

// The rope keys of `count` positions, which all heads share and expand_context left in F32.
void CpuBackend::pack_ropes(const MlaAttention& a, int32_t count, int worker) {
  const int32_t latent = a.cache.latent_dim, rope = a.cache.rope_dim, dims = kRopeParts * rope;
  float* parts = worker_scratch(worker);  // [kBlockSize, kRopeParts, R]
  for (int32_t first = 0; first < count; first += kBlockSize) {
    const int32_t tokens = std::min(kBlockSize, count - first);
    for (int32_t t = 0; t < tokens; ++t) {
      const float* key =
          expanded_latents_.as<float>() + int64_t{first + t} * (latent + rope) + latent;
      float* high = parts + int64_t{t} * dims;
      split_bf16(key, rope, high, high + 2 * rope);
      std::copy_n(high, rope, high + rope);
    }
    const Bf16PackArgs args = {
        .x = parts,
        .stride = dims,
        .num_tokens = tokens,
        .dims = dims,
        .out = packed_ropes_.as<uint16_t>() + int64_t{first} * rope_dims_of(rope)};
    kernels_.bf16.pack_keys(&args);
  }
}

// A head's expanded keys and values, which expand_head left in F32.
void CpuBackend::pack_head_bf16(const MlaAttention& a, int32_t count, int head) {
  const int64_t first = int64_t{head} * kLatentTile, stride = a.nope_dim + a.cache.rope_dim;
  const Bf16PackArgs keys = {.x = expanded_k_.as<float>() + first * stride,
                             .stride = stride,
                             .num_tokens = count,
                             .dims = a.nope_dim,
                             .out = packed_k_.as<uint16_t>() + first * padded_dims(a.nope_dim)};
  kernels_.bf16.pack_keys(&keys);
  const Bf16PackArgs values = {.x = expanded_v_.as<float>() + first * a.v_dim,
                               .stride = a.v_dim,
                               .num_tokens = count,
                               .dims = a.v_dim,
                               .out = packed_v_.as<uint16_t>() + first * value_dims(a.v_dim)};
  kernels_.bf16.pack_values(&values);
}

// A tile of queries of one head against the packed keys and values of the positions from `begin`.
void CpuBackend::attend_bf16_head(const MlaAttention& a, const SequenceSlice& sequence,
                                  int32_t begin, int32_t query_tile, int head, int worker) {
  const int32_t first = query_tile * kQueryTile;
  const int32_t rows = std::min(kQueryTile, sequence.num_queries - first);
  const int32_t seen_by_first = sequence.context_length - sequence.num_queries + first + 1 - begin;
  const int32_t count = std::min<int32_t>(kLatentTile, seen_by_first + rows - 1);
  const int64_t of_head = int64_t{head} * kLatentTile;
  const int32_t key_dims = padded_dims(a.nope_dim), rope_dims = rope_dims_of(a.cache.rope_dim);
  auto& scratch = *reinterpret_cast<Scratch*>(bf16_scratch_.data() + worker * bf16_scratch_bytes_);
  const Bf16ScoreArgs score = {
      .queries = bf16_q_.as<uint16_t>() +
                 (int64_t{query_tile} * a.num_heads + head) * kBf16Rows * (key_dims + rope_dims),
      .keys = packed_k_.as<uint16_t>() + of_head * key_dims,
      .ropes = packed_ropes_.as<uint16_t>(),
      .num_blocks = div_ceil(count, kBlockSize),
      .key_dims = key_dims,
      .rope_dims = rope_dims,
      .scores = scratch.scores};
  kernels_.bf16.scores(&score);

  const int32_t num_tokens = align_up<int32_t>(count, kBf16Depth);
  auto* states = softmax_.as<SoftmaxState>() + int64_t{first} * a.num_heads + head;
  for (int32_t r = 0; r < rows; ++r) {
    const int32_t seen = std::clamp<int32_t>(seen_by_first + r, 0, kLatentTile);
    uint16_t* weights = scratch.weights + r * kBf16WeightStride;
    scratch.keep[r] = seen == 0 ? 1
                                : kernels_.bf16.softmax(scratch.scores + r * kBf16ScoreStride, seen,
                                                        weights, &states[r * a.num_heads]);
    std::fill(weights + align_up<int32_t>(seen, kBf16Depth), weights + num_tokens, uint16_t{0});
  }
  const Bf16ValueArgs value = {.weights = scratch.weights,
                               .values = packed_v_.as<uint16_t>() + of_head * value_dims(a.v_dim),
                               .num_tokens = num_tokens,
                               .value_dims = a.v_dim,
                               .keep = scratch.keep,
                               .num_rows = rows,
                               .out = a.out.row(sequence.query_start + first) + head * a.v_dim,
                               .out_stride = a.out.stride};
  kernels_.bf16.values(&value);
}

}  // namespace youtu
