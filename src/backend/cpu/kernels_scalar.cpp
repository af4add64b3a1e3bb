// The specification: what every faster table must agree with. Written to be read, never optimised.

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "backend/cpu/kernels.h"

namespace {

float bf16_value(uint16_t bits) {
  const uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  memcpy(&value, &wide, sizeof(value));
  return value;
}

uint16_t to_bf16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof(bits));
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

float f16_value(uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const int fraction = half & 1023;
  float magnitude;
  if (exponent == 31) {
    magnitude = fraction ? NAN : INFINITY;
  } else if (exponent == 0) {
    magnitude = ldexpf(static_cast<float>(fraction), -24);
  } else {
    magnitude = ldexpf(static_cast<float>(1024 + fraction), exponent - 25);
  }
  return half & 0x8000 ? -magnitude : magnitude;
}

uint16_t load_u16(const uint8_t* bytes) {
  uint16_t value;
  memcpy(&value, bytes, sizeof(value));
  return value;
}

// One value of a weight row, by type.
struct F32 {
  static constexpr size_t kBytes = 4;
  static float at(const uint8_t* row, int32_t k) {
    float value;
    memcpy(&value, row + 4 * static_cast<size_t>(k), sizeof(value));
    return value;
  }
};
struct F16 {
  static float at(const uint8_t* row, int32_t k) {
    return f16_value(load_u16(row + 2 * static_cast<size_t>(k)));
  }
};
struct BF16 {
  static constexpr size_t kBytes = 2;
  static float at(const uint8_t* row, int32_t k) {
    return bf16_value(load_u16(row + 2 * static_cast<size_t>(k)));
  }
};
struct Q8_0 {  // blocks of 32: f16 d, 32 x i8
  static float at(const uint8_t* row, int32_t k) {
    const uint8_t* block = row + 34 * static_cast<size_t>(k / 32);
    return f16_value(load_u16(block)) * static_cast<float>(static_cast<int8_t>(block[2 + k % 32]));
  }
};
struct Q4_0 {  // blocks of 32: f16 d, 16 bytes; byte j holds element j (low nibble) and j + 16
               // (high nibble)
  static float at(const uint8_t* row, int32_t k) {
    const uint8_t* block = row + 18 * static_cast<size_t>(k / 32);
    const int e = k % 32;
    const uint8_t byte = block[2 + e % 16];
    return f16_value(load_u16(block)) * static_cast<float>((e < 16 ? byte & 15 : byte >> 4) - 8);
  }
};

template <typename Type>
void linear(const LinearArgs* a) {
  for (int32_t t = 0; t < a->num_tokens; ++t) {
    for (int32_t n = 0; n < a->num_rows; ++n) {
      const uint8_t* row = a->weights + n * a->row_bytes;
      float sum = 0;
      for (int32_t k = 0; k < a->num_cols; ++k) sum += a->x[t * a->x_stride + k] * Type::at(row, k);
      float* out = &a->out[t * a->out_stride + n];
      *out = a->accumulate ? *out + sum : sum;
    }
  }
}

template <typename Type>
void matmul(const MatmulArgs* a) {
  const uint8_t* b = static_cast<const uint8_t*>(a->b);
  for (int32_t m = 0; m < a->M; ++m) {
    for (int32_t n = 0; n < a->N; ++n) {
      float sum = 0;
      for (int32_t k = 0; k < a->K; ++k) {
        sum += a->a[m * a->a_stride + k] *
               Type::at(b + static_cast<size_t>(k * a->b_stride) * Type::kBytes, n);
      }
      float* out = &a->c[m * a->c_stride + n];
      *out = a->accumulate ? *out + sum : sum;
    }
  }
}

void rms_norm(const float* x, const float* gain, int32_t n, float eps, float* out) {
  float sum = 0;
  for (int32_t i = 0; i < n; ++i) sum += x[i] * x[i];
  const float factor = 1.0f / sqrtf(sum / static_cast<float>(n) + eps);
  for (int32_t i = 0; i < n; ++i) out[i] = x[i] * factor * gain[i];
}

void silu_mul(const float* gate, const float* up, int32_t n, float* out) {
  for (int32_t i = 0; i < n; ++i) out[i] = gate[i] / (1.0f + expf(-gate[i])) * up[i];
}

void rotate(float* values, const float* cos, const float* sin, int32_t num_pairs,
            bool interleaved) {
  for (int32_t i = 0; i < num_pairs; ++i) {
    float* a = values + (interleaved ? 2 * i : i);
    float* b = a + (interleaved ? 1 : num_pairs);
    const float turned = *a * cos[i] - *b * sin[i];
    *b = *b * cos[i] + *a * sin[i];
    *a = turned;
  }
}

float softmax_step(float* scores, int32_t n, float scale, SoftmaxState* state) {
  float max = state->max;
  for (int32_t i = 0; i < n; ++i) max = fmaxf(max, scores[i] * scale);
  const float correction = expf(state->max - max);
  float sum = 0;
  for (int32_t i = 0; i < n; ++i) {
    scores[i] = expf(scores[i] * scale - max);
    sum += scores[i];
  }
  state->max = max;
  state->sum = state->sum * correction + sum;
  return correction;
}

void scale(float* x, int32_t n, float factor) {
  for (int32_t i = 0; i < n; ++i) x[i] *= factor;
}

void block_maxima(const float* x, int32_t n, float* maxima) {
  for (int32_t begin = 0; begin < n; begin += kMaximumColumns) {
    float largest = -INFINITY;
    bool is_finite = true;
    for (int32_t i = begin; i < n && i < begin + kMaximumColumns; ++i) {
      is_finite = is_finite && std::isfinite(x[i]);
      largest = std::fmax(largest, x[i]);
    }
    *maxima++ = is_finite ? largest : NAN;
  }
}

void f16_to_f32(const uint16_t* from, int64_t n, float* to) {
  for (int64_t i = 0; i < n; ++i) to[i] = f16_value(from[i]);
}
void bf16_to_f32(const uint16_t* from, int64_t n, float* to) {
  for (int64_t i = 0; i < n; ++i) to[i] = bf16_value(from[i]);
}
void f32_to_bf16(const float* from, int64_t n, uint16_t* to) {
  for (int64_t i = 0; i < n; ++i) to[i] = to_bf16(from[i]);
}

// The weight at row r of a panel and column k, as the integer that is stored.
int packed_value(const PackedLinearArgs* a, const uint8_t* lines, int32_t r, int32_t k) {
  if (a->bits == 8) return lines[k / 4 * 64 + 4 * r + k % 4];
  const uint8_t byte = lines[k / 8 * 64 + 4 * r + k % 4];
  return k % 8 < 4 ? byte & 15 : byte >> 4;
}

float packed_dot(const PackedLinearArgs* a, int32_t n, int32_t t) {
  const uint8_t* panel = a->panels + n / kPanelRows * a->panel_bytes;
  const int32_t r = n % kPanelRows, groups = a->num_cols / a->group;
  const int64_t head = int64_t{groups} * kPanelRows * 2 * (a->has_min ? 2 : 1);
  const uint8_t* lines = panel + (head + 63) / 64 * 64;
  const int zero = a->has_min ? 0 : 1 << (a->bits - 1);
  const int8_t* x = a->x.values + t * a->x.value_stride;
  float total = 0;
  for (int32_t block = 0; block < a->num_cols; block += kActivationBlock) {
    float part = 0;
    for (int32_t k = block; k < block + kActivationBlock && k < a->num_cols; k += a->group) {
      int32_t sum = 0, x_sum = 0;
      for (int32_t i = k; i < k + a->group; ++i) {
        sum += (packed_value(a, lines, r, i) - zero) * x[i];
        x_sum += x[i];
      }
      const uint8_t* scale = panel + 2 * (k / a->group * kPanelRows + r);
      part = fmaf(static_cast<float>(sum), f16_value(load_u16(scale)), part);
      if (a->has_min) {
        const uint8_t* min = scale + 2 * groups * kPanelRows;
        part = fmaf(static_cast<float>(x_sum), f16_value(load_u16(min)), part);
      }
    }
    total = fmaf(part, a->x.scales[t * a->x.scale_stride + block / kActivationBlock], total);
  }
  return total;
}

void packed_linear(const PackedLinearArgs* a) {
  for (int32_t t = 0; t < a->num_tokens; ++t) {
    for (int32_t n = 0; n < a->num_rows; ++n) {
      float* out = &a->out[t * a->out_stride + n];
      *out = a->accumulate ? *out + packed_dot(a, n, t) : packed_dot(a, n, t);
    }
  }
}

void quantize_block(const float* x, int8_t* values, float* scale) {
  float max = 0;
  for (int32_t i = 0; i < kActivationBlock; ++i) max = fmaxf(max, fabsf(x[i]));
  float inverse = 127.0f / max;
  if (!(max > 0) || inverse > 3.0e38f) inverse = 0;
  for (int32_t i = 0; i < kActivationBlock; ++i) {
    const float scaled = x[i] * inverse;
    const float bounded = scaled > -127.0f ? (scaled < 127.0f ? scaled : 127.0f) : -127.0f;
    values[i] = static_cast<int8_t>(rintf(bounded));  // to nearest, ties to even
  }
  *scale = inverse == 0 ? 0 : max / 127.0f;
}

void quantize_row(const float* x, int32_t n, int8_t* values, float* scales, int32_t* sums,
                  float* rest) {
  const int32_t blocks = (n + kActivationBlock - 1) / kActivationBlock;
  for (int32_t b = 0; b < blocks; ++b) {
    float block[kActivationBlock] = {};
    for (int32_t i = 0; i < kActivationBlock && b * kActivationBlock + i < n; ++i) {
      block[i] = x[b * kActivationBlock + i];
    }
    quantize_block(block, values + b * kActivationBlock, &scales[b]);
    for (int32_t i = 0; rest != nullptr && i < kActivationBlock; ++i) {
      const int32_t at = b * kActivationBlock + i;
      rest[at] = fmaf(-scales[b], values[at], block[i]);
    }
  }
  for (int32_t run = 32; run <= 128; run *= 2) {
    for (int32_t k = 0; k < blocks * kActivationBlock; k += run) {
      *sums = 0;
      for (int32_t i = k; i < k + run; ++i) *sums += values[i];
      ++sums;
    }
  }
}

#include "backend/cpu/latent_scalar.inc"

#include "backend/cpu/bf16_scalar.inc"

// Four chains each, whose operands come out of a volatile so that no compiler can foresee the sums.
int64_t peak_f32(int64_t rounds) {
  volatile float unknown = 0.5f;
  const float w = unknown, x = unknown;
  float a = 0, b = 1, c = 2, d = 3;
  for (int64_t i = 0; i < rounds; ++i) {
    a = a * w + x;
    b = b * w + x;
    c = c * w + x;
    d = d * w + x;
  }
  unknown = a + b + c + d;
  return 4 * rounds;
}

int64_t peak_int8(int64_t rounds) {
  volatile int8_t unknown = 15;
  const int8_t w = unknown, x = unknown;
  uint32_t a = 0, b = 1, c = 2, d = 3;
  for (int64_t i = 0; i < rounds; ++i) {
    a = a * static_cast<uint32_t>(w) + static_cast<uint32_t>(x);
    b = b * static_cast<uint32_t>(w) + static_cast<uint32_t>(x);
    c = c * static_cast<uint32_t>(w) + static_cast<uint32_t>(x);
    d = d * static_cast<uint32_t>(w) + static_cast<uint32_t>(x);
  }
  unknown = static_cast<int8_t>(a + b + c + d);
  return 4 * rounds;
}

}  // namespace

extern const CpuKernels kScalarKernels;
const CpuKernels kScalarKernels = {
    "scalar",
    linear<F32>,
    linear<F16>,
    linear<BF16>,
    linear<Q8_0>,
    linear<Q4_0>,
    matmul<F32>,
    matmul<BF16>,
    rms_norm,
    silu_mul,
    rotate,
    softmax_step,
    scale,
    block_maxima,
    f16_to_f32,
    bf16_to_f32,
    f32_to_bf16,
    {packed_linear, quantize_row},
    {latent_quantize, latent_place_query, latent_scores<true>, latent_scores<false>, latent_softmax,
     latent_softmax, latent_values_bytes, latent_values_words, latent_merge},
    {bf16_pack_keys, bf16_pack_values, bf16_scores, bf16_softmax, bf16_values},
    false,
    peak_f32,
    peak_int8,
};
