/* Matrix products of packed weights (src/tensor/packed.h) with activations rounded to eight bits:
   the part of the kernel table that serves 4- and 8-bit weights. Plain C, as kernels.h.

   What is computed, for token t and row n, with B = 128 values that share an activation scale and
   groups g of k that share a weight scale:

     out[t][n] = sum over blocks b, ascending:  fma(part, x_scale[t][b], .)
     part      = sum over groups g of b, ascending:
                 fma(float(sum of (w - zero) * x over g), scale[g][n], .), and where there are
   minima fma(float(sum of x over g), min[g][n], .)

   The sums of integers are exact and every fma is one rounding, so all tables give the same bits,
   for any number of tokens. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
  kActivationBlock = 128, /* values of a row that share a scale */
  kPanelRows = 16,        /* weight rows that lie interleaved */
};

/* Rows of activations in eight bits. Values beyond the row's end, up to a whole block, are zero. */
struct QuantizedRows {
  const int8_t* values; /* [T] rows of value_stride */
  int64_t value_stride;
  const float* scales; /* [T] rows of scale_stride, one for each block */
  int64_t scale_stride;
  const int32_t* sums; /* [T] rows of sum_stride, one for each group of the weights */
  int64_t sum_stride;
};

struct PackedLinearArgs {
  const uint8_t* panels; /* the first of num_panels */
  int64_t panel_bytes;
  int32_t num_rows; /* of the output; the last panel may hold fewer than kPanelRows */
  int32_t num_cols; /* a multiple of group */
  int32_t bits;     /* 4 or 8 */
  int32_t group;    /* 32, 64 or 128 */
  bool has_min;     /* otherwise the zero point is 8 or 128 */
  struct QuantizedRows x;
  int32_t num_tokens;
  float* out; /* [num_tokens][num_rows] */
  int64_t out_stride;
  bool accumulate;
  bool reads_once;  /* weights are fetched so that the last-level cache need not take them */
  uint8_t* scratch; /* kPackedScratchBytes, 64-byte aligned */
};

enum { kPackedScratchBytes = 64 << 10 };

struct PackedKernels {
  void (*linear)(const struct PackedLinearArgs* args);
  /* Rounds n values of x to eight bits, each block by its largest magnitude / 127. Fills up to
     whole blocks with zeros. sums: for each block the sums of its 4 runs of 32 values, all blocks;
     then of the 2 runs of 64, then of the run of 128: 7 * blocks integers. */
  /* rest: unless NULL, what rounding left over, fma(-scale, value, x), whole blocks of it; rounded
     in turn it makes products with inputs of 16 bits out of two with 8. */
  void (*quantize_row)(const float* x, int32_t n, int8_t* values, float* scales, int32_t* sums,
                       float* rest);
};
