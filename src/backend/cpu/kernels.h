/* The table of functions that an instruction set provides. Plain C types only: the files that
   implement it are compiled with flags of their own (-mavx512f ...), so nothing inline may leak out
   of them, and each exports one symbol.

   Kernels take pointers and sizes. Matrices are row-major; strides are in elements of the row's
   type, `_bytes` in bytes. Weight rows need no alignment. Every output element is summed in an
   order that depends only on its own row and column count, never on how many rows or tokens are
   computed together, so that a batch gives each member the bits it would have alone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "backend/cpu/bf16_kernels.h"
#include "backend/cpu/latent_kernels.h"
#include "backend/cpu/packed_kernels.h"

/* out[t][n] = sum over k of x[t][k] * w[n][k], or += with `accumulate`.
   num_cols (k) is a multiple of the weight type's block. */
struct LinearArgs {
  const uint8_t* weights; /* [num_rows] rows of row_bytes */
  int64_t row_bytes;
  int32_t num_rows;
  int32_t num_cols;
  int32_t num_tokens;
  const float* x; /* [num_tokens][num_cols] */
  int64_t x_stride;
  float* out; /* [num_tokens][num_rows] */
  int64_t out_stride;
  bool accumulate;
};

/* c[m][n] = sum over k of a[m][k] * b[k][n], or += with `accumulate`; k ascending. */
struct MatmulArgs {
  const float* a; /* [M][K] */
  int64_t a_stride;
  const void* b; /* [K][N], of the kernel's type */
  int64_t b_stride;
  float* c; /* [M][N] */
  int64_t c_stride;
  int32_t M, K, N;
  bool accumulate;
};

/* A running softmax (Milakov and Gimelshein, arXiv 1805.02867): scores[i] becomes exp(scale *
   scores[i] - max), where max is the maximum so far; earlier sums and values must be multiplied by
   *correction. Start with *max = -INFINITY, *sum = 0. n >= 1. */
struct SoftmaxState {
  float max;
  float sum;
};

enum { kMaximumColumns = 64 };

struct CpuKernels {
  const char* name;

  void (*linear_f32)(const struct LinearArgs* args);
  void (*linear_f16)(const struct LinearArgs* args);
  void (*linear_bf16)(const struct LinearArgs* args);
  void (*linear_q8_0)(const struct LinearArgs* args);
  void (*linear_q4_0)(const struct LinearArgs* args);

  void (*matmul_f32)(const struct MatmulArgs* args);
  void (*matmul_bf16)(const struct MatmulArgs* args); /* b holds bfloat16 */

  /* out = x * rsqrt(mean(x^2) + eps) * gain; out may be x. */
  void (*rms_norm)(const float* x, const float* gain, int32_t n, float eps, float* out);
  /* out = gate / (1 + exp(-gate)) * up; out may be either input. */
  void (*silu_mul)(const float* gate, const float* up, int32_t n, float* out);
  /* Turns pairs of values (a, b) by an angle each (rotary positions, arXiv 2104.09864): a cos - b
     sin, b cos + a sin. Pairs lie side by side (interleaved), or half the values apart. */
  void (*rotate)(float* values, const float* cos, const float* sin, int32_t num_pairs,
                 bool interleaved);
  float (*softmax_step)(float* scores, int32_t n, float scale,
                        struct SoftmaxState* state); /* returns the correction */
  void (*scale)(float* x, int32_t n, float factor);
  /* maxima[b] = the largest of x from kMaximumColumns * b on, as many values or up to n; NaN where
     one of them is NaN or infinite. */
  void (*block_maxima)(const float* x, int32_t n, float* maxima);

  void (*f16_to_f32)(const uint16_t* from, int64_t n, float* to);
  void (*bf16_to_f32)(const uint16_t* from, int64_t n, float* to);
  void (*f32_to_bf16)(const float* from, int64_t n, uint16_t* to); /* to nearest, ties to even */

  struct PackedKernels packed;
  struct LatentKernels latent;
  /* Whether expanded keys and values over an 8-bit cache become BF16, not words. Tables that leave
     it have no such kernels, but for the specification. */
  struct Bf16Kernels bf16;
  bool expands_in_bf16;

  /* As many multiply-accumulates as the instruction set allows, in registers; returns how many were
     done, in proportion to `rounds`. peak_int8 multiplies unsigned 4-bit by signed 8-bit values. */
  int64_t (*peak_f32)(int64_t rounds);
  int64_t (*peak_int8)(int64_t rounds);
};
