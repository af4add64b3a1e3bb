// Multi-head latent attention of the CPU backend, in its two forms (DeepSeek-V2, arXiv 2405.04434,
// section 2.1; docs/mla.md).
//
// Absorbed: queries are taken into the latent space, where all heads share one key of L + R values
// per token, whose first L values are also the value. Expanded: keys and values of each head are
// computed from the latents, a stretch of the context at a time, and a running softmax joins the
// stretches. Both read latents from the cache only, those of the step itself included.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "backend/cpu/attention_shape.h"
#include "backend/cpu/cpu_backend.h"
#include "base/check.h"
#include "base/numbers.h"

namespace youtu {

namespace {

const uint8_t* slot_at(const LatentLayer& cache, const SequenceSlice& sequence, int32_t position) {
  const int64_t block = sequence.block_table[static_cast<size_t>(position / kBlockSize)];
  return cache.slot(block * kBlockSize + position % kBlockSize);
}

}  // namespace

void CpuBackend::mla_attention(const MlaAttention& a) {
  const std::span<const SequenceSlice> sequences = batch_->sequences;
  for (size_t s = 0; s < sequences.size();) {
    if (a.forms[s] == AttentionForm::kExpanded) {
      attend_expanded(a, sequences[s]);
      ++s;
      continue;
    }
    // Neighbouring sequences in absorbed form share the projections into and out of the latent
    // space.
    const int32_t first = sequences[s].query_start;
    int32_t end = first;
    for (; s < sequences.size() && a.forms[s] == AttentionForm::kAbsorbed; ++s)
      end += sequences[s].num_queries;
    for (int32_t token = first; token < end; token += kAbsorbedTokens) {
      attend_absorbed(a, token, std::min(kAbsorbedTokens, end - token));
    }
  }
}

// The sequence that token `token` of the step belongs to. Sequences lie in the order of their
// tokens.
const SequenceSlice& CpuBackend::sequence_of(int32_t token) const {
  const auto after =
      std::upper_bound(batch_->sequences.begin(), batch_->sequences.end(), token,
                       [](int32_t t, const SequenceSlice& s) { return t < s.query_start; });
  return *(after - 1);
}

void CpuBackend::attend_absorbed(const MlaAttention& a, int32_t first_token, int32_t num_tokens) {
  const int32_t latent = a.cache.latent_dim, rope = a.cache.rope_dim, key = latent + rope;
  const int32_t head = a.nope_dim + rope;
  auto* queries = absorbed_q_.as<float>();  // [num_tokens, N, L + R]

  pool_.parallel_for(a.num_heads, [&](int n, int worker) {
    const Activation q = {a.q.row(first_token) + n * head, num_tokens, a.nope_dim, a.q.stride};
    linear_part(*a.k_b, n * latent, latent, q, queries + n * key, int64_t{a.num_heads} * key, false,
                worker);
    for (int32_t t = 0; t < num_tokens; ++t) {
      std::memcpy(queries + (int64_t{t} * a.num_heads + n) * key + latent, q.row(t) + a.nope_dim,
                  sizeof(float) * rope);
      if (a.cache.dtype == CacheDType::kInt8) quantize_absorbed(a, t, n, worker);
    }
  });

  if (a.cache.dtype == CacheDType::kInt8) {
    attend_integers(a, first_token, num_tokens);
  } else {
    attend_latents(a, first_token, num_tokens);
  }
}

void CpuBackend::attend_latents(const MlaAttention& a, int32_t first_token, int32_t num_tokens) {
  const int32_t groups = div_ceil(a.num_heads, kHeadGroup);
  pool_.parallel_for(num_tokens * groups, [&](int task, int worker) {
    const int32_t t = task / groups, first_head = task % groups * kHeadGroup;
    attend_absorbed_heads(a, first_token + t, sequence_of(first_token + t), first_head,
                          std::min(kHeadGroup, a.num_heads - first_head), t, worker);
  });
  pool_.parallel_for(
      a.num_heads, [&](int n, int worker) { project_out(a, first_token, num_tokens, n, worker); });
}

// Takes what a head attended out of the latent space.
void CpuBackend::project_out(const MlaAttention& a, int32_t first_token, int32_t num_tokens,
                             int head, int worker) {
  const int32_t latent = a.cache.latent_dim;
  float* attended = absorbed_out_.as<float>() + head * latent;  // [num_tokens, N, L]
  const Activation x = {attended, num_tokens, latent, int64_t{a.num_heads} * latent};
  linear_part(*a.v_b, head * a.v_dim, a.v_dim, x, a.out.row(first_token) + head * a.v_dim,
              a.out.stride, false, worker);
}

// Some heads of one query against its whole context, in the latent space.
void CpuBackend::attend_absorbed_heads(const MlaAttention& a, int32_t token,
                                       const SequenceSlice& sequence, int32_t first_head,
                                       int32_t num_heads, int32_t absorbed_row, int worker) {
  const int32_t latent = a.cache.latent_dim, key = latent + a.cache.rope_dim;
  const int64_t row = int64_t{absorbed_row} * a.num_heads + first_head;
  const float* queries = absorbed_q_.as<float>() + row * key;
  float* attended = absorbed_out_.as<float>() + row * latent;
  float* scores = worker_scratch(worker);  // [num_heads, kAbsorbedTile]
  const bool is_f32 = a.cache.dtype == CacheDType::kF32;
  const auto score = is_f32 ? kernels_.linear_f32 : kernels_.linear_bf16;
  const auto gather = is_f32 ? kernels_.matmul_f32 : kernels_.matmul_bf16;

  std::memset(attended, 0,
              sizeof(float) * static_cast<size_t>(num_heads) * static_cast<size_t>(latent));
  SoftmaxState states[kHeadGroup];
  for (SoftmaxState& state : states) state = {-INFINITY, 0};
  const int32_t context = position_of(sequence, token) + 1;
  for (int32_t begin = 0; begin < context; begin += kAbsorbedTile) {
    const int32_t count = std::min(kAbsorbedTile, context - begin);
    for (int32_t i = 0; i < count; i += kBlockSize) {
      const LinearArgs args = {slot_at(a.cache, sequence, begin + i),
                               a.cache.slot_bytes(),
                               std::min(kBlockSize, count - i),
                               key,
                               num_heads,
                               queries,
                               key,
                               scores + i,
                               kAbsorbedTile,
                               false};
      score(&args);
    }
    for (int32_t n = 0; n < num_heads; ++n) {
      const float correction =
          kernels_.softmax_step(scores + n * kAbsorbedTile, count, a.scale, &states[n]);
      if (correction != 1) kernels_.scale(attended + int64_t{n} * latent, latent, correction);
    }
    for (int32_t i = 0; i < count; i += kBlockSize) {
      const MatmulArgs args = {
          scores + i, kAbsorbedTile, slot_at(a.cache, sequence, begin + i), key,    attended,
          latent,     num_heads,     std::min(kBlockSize, count - i),       latent, true};
      gather(&args);
    }
  }
  for (int32_t n = 0; n < num_heads; ++n) {
    kernels_.scale(attended + int64_t{n} * latent, latent, 1.0f / states[n].sum);
  }
}

void CpuBackend::attend_expanded(const MlaAttention& a, const SequenceSlice& sequence) {
  auto* states = softmax_.as<SoftmaxState>();
  for (int64_t i = 0; i < int64_t{sequence.num_queries} * a.num_heads; ++i)
    states[i] = {-INFINITY, 0};
  for (int32_t t = 0; t < sequence.num_queries; ++t) {
    std::memset(a.out.row(sequence.query_start + t), 0,
                sizeof(float) * static_cast<size_t>(a.out.cols));
  }
  if (a.cache.dtype == CacheDType::kInt8) return attend_expanded_integers(a, sequence);
  for (int32_t begin = 0; begin < sequence.context_length; begin += kExpandedBlock) {
    const int32_t end = std::min(begin + kExpandedBlock, sequence.context_length);
    expand_context(a, sequence, begin, end);
    attend_expanded_block(a, sequence, begin, end);
  }
  finish_expanded(a, sequence);
}

// Divides by the sums of the softmax.
void CpuBackend::finish_expanded(const MlaAttention& a, const SequenceSlice& sequence) {
  const auto* states = softmax_.as<SoftmaxState>();
  for_each_row(sequence.num_queries, [&](int32_t t) {
    for (int32_t n = 0; n < a.num_heads; ++n) {
      float* out = a.out.row(sequence.query_start + t) + n * a.v_dim;
      kernels_.scale(out, a.v_dim, 1.0f / states[int64_t{t} * a.num_heads + n].sum);
    }
  });
}

// Keys and values of every head for the positions [begin, end), in F32, and packed as words or BF16
// where the cache holds integers.
void CpuBackend::expand_context(const MlaAttention& a, const SequenceSlice& sequence, int32_t begin,
                                int32_t end) {
  const int32_t slot = a.cache.latent_dim + a.cache.rope_dim, count = end - begin;
  const bool is_rounded = a.k_up != nullptr && !a.k_up->empty();
  // Bytes are exact already.
  const InputBits bits =
      is_rounded && a.cache.dtype != CacheDType::kInt8 ? a.k_up->input_bits : InputBits::k8;
  const RoundedRows rounded =
      is_rounded ? cut_rounded_rows(rounded_.data(), count, a.cache.latent_dim, bits)
                 : RoundedRows{};
  for_each_row(count, [&](int32_t i, int worker) {
    float* to = expanded_latents_.as<float>() + int64_t{i} * slot;
    if (a.cache.dtype == CacheDType::kInt8) {
      // The bytes go in as they lie; as words, rope keys are read from the cache.
      if (is_rounded) {
        copy_rounded_latent(a.cache, sequence, begin + i, i, rounded);
        if (kernels_.expands_in_bf16) {
          widen_rope(a.cache, sequence, begin + i, to + a.cache.latent_dim);
        }
        return;
      }
      widen_latent(a.cache, sequence, begin + i, to);
    } else if (a.cache.dtype == CacheDType::kF32) {
      const uint8_t* from = slot_at(a.cache, sequence, begin + i);
      std::memcpy(to, from, sizeof(float) * static_cast<size_t>(slot));
    } else {
      const uint8_t* from = slot_at(a.cache, sequence, begin + i);
      kernels_.bf16_to_f32(reinterpret_cast<const uint16_t*>(from), slot, to);
    }
    if (is_rounded) round_row(to, i, a.cache.latent_dim, rounded, worker);
  });
  pool_.parallel_for(a.num_heads, [&](int n, int worker) {
    if (is_rounded) {
      expand_head_rounded(a, rounded, count, n, worker);
    } else {
      expand_head(a, count, n, worker);
    }
    if (a.cache.dtype != CacheDType::kInt8) return;
    if (kernels_.expands_in_bf16) {
      if (n == 0) pack_ropes(a, count, worker);
      pack_head_bf16(a, count, n);
    } else {
      pack_head(a, count, n, worker);
    }
  });
}

// The same from rounded latents, with packed weights.
void CpuBackend::expand_head_rounded(const MlaAttention& a, const RoundedRows& rounded,
                                     int32_t count, int n, int worker) {
  const int32_t latent = a.cache.latent_dim, rope = a.cache.rope_dim, slot = latent + rope;
  const int32_t head = a.nope_dim + rope;
  const float* latents = expanded_latents_.as<float>();
  float* keys = expanded_k_.as<float>() + int64_t{n} * kExpandedBlock * head;
  float* values = expanded_v_.as<float>() + int64_t{n} * kExpandedBlock * a.v_dim;
  multiply_panels(*a.k_up, n * a.nope_dim, a.nope_dim, rounded, count, keys, head, false, worker);
  multiply_panels(*a.v_b, n * a.v_dim, a.v_dim, rounded, count, values, a.v_dim, false, worker);
  if (a.cache.dtype == CacheDType::kInt8) return;  // its rope keys are not expanded
  for (int32_t i = 0; i < count; ++i) {
    std::memcpy(keys + int64_t{i} * head + a.nope_dim, latents + int64_t{i} * slot + latent,
                sizeof(float) * static_cast<size_t>(rope));
  }
}

// Keys and values of a head for the latents in expanded_latents_.
void CpuBackend::expand_head(const MlaAttention& a, int32_t count, int n, int worker) {
  const int32_t latent = a.cache.latent_dim, rope = a.cache.rope_dim, slot = latent + rope;
  const int32_t head = a.nope_dim + rope;
  float* latents = expanded_latents_.as<float>();
  float* keys = expanded_k_.as<float>() + int64_t{n} * kExpandedBlock * head;
  float* values = expanded_v_.as<float>() + int64_t{n} * kExpandedBlock * a.v_dim;
  const Activation x = {latents, count, latent, slot};
  linear_part(*a.v_b, n * a.v_dim, a.v_dim, x, values, a.v_dim, false, worker);

  float* k_b = worker_scratch(worker);  // [L, P]
  for (int32_t l = 0; l < latent; ++l)
    widen_row(*a.k_b, n * latent + l, k_b + int64_t{l} * a.nope_dim);
  const MatmulArgs args = {latents, slot,  k_b,    a.nope_dim, keys,
                           head,    count, latent, a.nope_dim, false};
  kernels_.matmul_f32(&args);
  for (int32_t i = 0; i < count; ++i) {
    std::memcpy(keys + int64_t{i} * head + a.nope_dim, latents + int64_t{i} * slot + latent,
                sizeof(float) * static_cast<size_t>(rope));
  }
}

// Every query of the sequence that may see positions in [begin, end), against the expanded keys and
// values of these.
void CpuBackend::attend_expanded_block(const MlaAttention& a, const SequenceSlice& sequence,
                                       int32_t begin, int32_t end) {
  const int32_t head = a.nope_dim + a.cache.rope_dim;
  const int32_t first_position = sequence.context_length - sequence.num_queries;
  const int32_t tiles = div_ceil(sequence.num_queries, kQueryTile);
  auto* states = softmax_.as<SoftmaxState>();
  pool_.parallel_for(tiles * a.num_heads, [&](int task, int worker) {
    const int32_t n = task % a.num_heads;
    const int32_t t0 = std::max(task / a.num_heads * kQueryTile, begin - first_position);
    const int32_t t1 = std::min((task / a.num_heads + 1) * kQueryTile, sequence.num_queries);
    if (t0 >= t1) return;  // all of the tile's queries lie before these positions
    const int32_t keys = std::min(end, first_position + t1) - begin;  // that the last query sees
    float* scores = worker_scratch(worker);                           // [t1 - t0, kExpandedBlock]
    const float* k = expanded_k_.as<float>() + int64_t{n} * kExpandedBlock * head;
    const LinearArgs score = {reinterpret_cast<const uint8_t*>(k),
                              int64_t{head} * 4,
                              keys,
                              head,
                              t1 - t0,
                              a.q.row(sequence.query_start + t0) + n * head,
                              a.q.stride,
                              scores,
                              kExpandedBlock,
                              false};
    kernels_.linear_f32(&score);
    float* out = a.out.row(sequence.query_start + t0) + n * a.v_dim;
    for (int32_t t = t0; t < t1; ++t) {
      float* row = scores + int64_t{t - t0} * kExpandedBlock;
      const int32_t seen = std::min(end, first_position + t + 1) - begin;
      const float correction =
          kernels_.softmax_step(row, seen, a.scale, &states[int64_t{t} * a.num_heads + n]);
      if (correction != 1) kernels_.scale(out + (t - t0) * a.out.stride, a.v_dim, correction);
      std::fill(row + seen, row + keys, 0.0f);
    }
    const float* v = expanded_v_.as<float>() + int64_t{n} * kExpandedBlock * a.v_dim;
    const MatmulArgs gather = {scores,       kExpandedBlock, v,    a.v_dim, out,
                               a.out.stride, t1 - t0,        keys, a.v_dim, true};
    kernels_.matmul_f32(&gather);
  });
}

}  // namespace youtu
