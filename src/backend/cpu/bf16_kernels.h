/* Attention over expanded keys and values in BF16: the part of the kernel table that serves long
   prompts where products of BF16 are quick (docs/attention.md). Plain C, as kernels.h.

   kBf16Rows queries of a head meet a tile of at most kLatentTile positions. Numbers that are
   multiplied lie in pairs, so that a line of 64 bytes holds a pair of dims of 16 tokens, or a pair
   of tokens of 16 dims. Dims are filled up with zeros to whole products of kBf16Depth.

   A sum of products goes on by kBf16Depth at a time, in an order that is fixed: that of TDPBF16PS
   (Intel SDM, volume 2). Even and odd products are added to chains of their own, each step fused,
   then the one to the other, then both to the sum; denormals are zeros. So the results of a row
   depend on that row alone, and all tables give the same bits. */
#pragma once

#include <stdint.h>

enum {
  kBf16Rows = 32,
  kBf16Depth = 32,
  kBf16Lanes = 16,
  /* Of a row, an odd number of cache lines: rows of a product lie in different sets. */
  kBf16ScoreStride = 256 + 16,
  kBf16WeightStride = 256 + 32,
};

/* Rows of numbers, one for each token, as the products take them. A denormal becomes a zero,
   anything else the nearest BF16, of two the even one. */
struct Bf16PackArgs {
  const float* x; /* [num_tokens][dims] */
  int64_t stride;
  int32_t num_tokens; /* up to kLatentTile */
  int32_t dims;
  uint16_t* out;
};

/* scores[r][t] = sum over dims of query * key, then of the rope parts. All tokens of the blocks and
   all rows are computed, those beyond the queries as well. */
struct Bf16ScoreArgs {
  const uint16_t* queries; /* [kBf16Rows][key_dims + rope_dims], scaled for the softmax */
  const uint16_t* keys;    /* [num_blocks][key_dims / 2][16 tokens][2] */
  const uint16_t* ropes;   /* [num_blocks][rope_dims / 2][16 tokens][2] */
  int32_t num_blocks;
  int32_t key_dims; /* a multiple of kBf16Depth, as rope_dims */
  int32_t rope_dims;
  float* scores; /* [kBf16Rows][kBf16ScoreStride] */
};

/* out[r][d] = keep[r] * out[r][d] + sum over tokens of weight * value. Where keep is 0, out is not
   read. */
struct Bf16ValueArgs {
  const uint16_t* weights; /* [kBf16Rows][kBf16WeightStride] */
  const uint16_t* values; /* [value_dims up to whole 16s][kLatentTile / 2 pairs of tokens][16][2] */
  int32_t num_tokens;     /* a multiple of kBf16Depth */
  int32_t value_dims;
  const float* keep; /* [num_rows] */
  int32_t num_rows;
  float* out;
  int64_t out_stride;
};

struct SoftmaxState;

struct Bf16Kernels {
  /* [blocks][dims up to a whole kBf16Depth / 2][16 tokens][2], as keys of scores. What does not
     exist is zeros. */
  void (*pack_keys)(const struct Bf16PackArgs* args);
  /* As values of Bf16ValueArgs. Dims that do not exist, and tokens up to a whole kBf16Depth, are
     zeros. */
  void (*pack_values)(const struct Bf16PackArgs* args);
  void (*scores)(const struct Bf16ScoreArgs* args);
  /* A step of a running softmax over `count` scores of a row, 1 to kLatentTile, with powers of 2:
     weights[t] = 2^(scores[t] - the maximum so far), rounded to BF16, and zeros up to a whole
     kBf16Depth. Returns what earlier sums must be multiplied with. */
  float (*softmax)(const float* scores, int32_t count, uint16_t* weights,
                   struct SoftmaxState* state);
  void (*values)(const struct Bf16ValueArgs* args);
};
