/* Attention over integers: the part of the kernel table that serves the 8-bit latent cache
   (docs/attention.md). Plain C, as kernels.h.

   Everything is written for rows that share keys and values: the heads of one query against the
   latents (absorbed), or the queries of one head against expanded keys (expanded). A tile of the
   context is at most kLatentTile positions, in blocks of kLatentBlock tokens whose values lie
   interleaved, so that a register lane is a token and no sum crosses a register.

   Two forms of numbers are multiplied with 16-bit integers:
     bytes  [quads of dims][16 tokens][4 dims] unsigned, zero point kLatentZero: the latents, keys
            and values in one.
     words  [pairs of dims][16 tokens][2 dims] signed: rope parts and expanded keys;
            [pairs of tokens][dims][2 tokens]: expanded values.

   The caller bounds the integers so that no sum leaves 32 bits. Sums of integers are exact, and
   floating-point operations are the same in the same order everywhere, so all tables give the same
   bits, for any number of rows. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
  kLatentBlock = 16,
  kLatentTile = 256,
  kLatentZero = 128,
  kWeightBytes = 8,       /* of a row's weights, for each token of a tile */
  kWordValuesFlush = 128, /* tokens whose products with word values are summed as integers */
};

/* A row's query as integers: q[i] = scale * value[i], the rope part with a scale of its own. */
struct LatentQuery {
  float key_scale;
  float rope_scale;
  int32_t sum; /* of the key part's integers */
};

/* A row of a query as integers, put where score_bytes looks for it: in a form that is the table's
   own, in which all rows take as many words as they have. */
struct LatentPlaceArgs {
  const int16_t* key;  /* [key_dims] */
  const int16_t* rope; /* [rope_dims] */
  int32_t key_dims;    /* a multiple of 4 */
  int32_t rope_dims;   /* a multiple of 2 */
  int32_t row;
  int32_t num_rows;
  int16_t* keys;  /* [num_rows * key_dims] */
  int16_t* ropes; /* [num_rows * rope_dims] */
};

/* scores[r][t] = key_scale[r] * key_scales[t] * sum over dims of query * key, and the rope part
   likewise. All tokens of the blocks are computed. */
struct LatentScoreArgs {
  const uint8_t* const* keys;  /* [num_blocks] */
  const uint8_t* const* ropes; /* [num_blocks] words */
  int32_t num_blocks;
  int32_t key_dims;         /* a multiple of 4 for bytes, of 2 for words */
  int32_t rope_dims;        /* a multiple of 2 */
  const float* key_scales;  /* [num_blocks * kLatentBlock] */
  const float* rope_scales; /* likewise */
  /* bytes: as place_query left them; words: [key_dims / 2][num_rows][2] */
  const int16_t* queries;
  const int16_t* rope_queries;    /* likewise: [rope_dims / 2][num_rows][2] */
  const struct LatentQuery* rows; /* [num_rows] */
  int32_t num_rows;
  float* scores; /* [num_rows] */
  int64_t score_stride;
};

/* What a row of weights means: p[t] * value_scales[t] = scale * weight[t]. */
struct LatentWeights {
  float scale;
  float keep;    /* what is there already must be multiplied by this */
  int32_t total; /* sum of the weights */
};

/* One step of a running softmax over a row of scores, with powers of 2: the logarithm of 2 is in
   the scales of the query. Otherwise as SoftmaxState says. Weights are rounded to at most `limit`.
   Scores beyond `count`, up to a whole block, are overwritten. */
struct LatentSoftmaxArgs {
  float* scores;
  int32_t count;             /* 1 to kLatentTile */
  const float* value_scales; /* [count, up to a whole block] */
  float limit;
  uint8_t* weights; /* [tokens, up to a whole block][num_rows + 1] of kWeightBytes; interleaved */
  int32_t row;      /* that is written */
  int32_t num_rows;
};

/* out[r][d] = keep[r] * out[r][d] + scale[r] * sum over tokens of weight * value. Where keep is 0,
   out is not read. */
struct LatentValueArgs {
  const uint8_t* const* values; /* bytes: [num_blocks]; words: [1] */
  int32_t num_blocks;
  int32_t value_dims;     /* of out */
  int64_t value_stride;   /* words: dims of a line, a multiple of 16, at least value_dims */
  const uint8_t* weights; /* as the softmax left them, num_rows interleaved */
  const struct LatentWeights* rows; /* [num_rows] */
  int32_t num_rows;
  float* out;
  int64_t out_stride;
};

struct SoftmaxState;

struct LatentKernels {
  /* Rounds n values to integers of at most `limit` (<= 32767) by their largest magnitude; returns
     the scale: x[i] ~ scale * out[i]. */
  float (*quantize)(const float* x, int32_t n, float limit, int16_t* out);
  /* Returns the sum of the key part. */
  int32_t (*place_query)(const struct LatentPlaceArgs* args);
  void (*score_bytes)(const struct LatentScoreArgs* args);
  void (*score_words)(const struct LatentScoreArgs* args);
  struct LatentWeights (*softmax_bytes)(const struct LatentSoftmaxArgs* args,
                                        struct SoftmaxState* state);
  struct LatentWeights (*softmax_words)(const struct LatentSoftmaxArgs* args,
                                        struct SoftmaxState* state);
  void (*values_bytes)(const struct LatentValueArgs* args);
  void (*values_words)(const struct LatentValueArgs* args);
  /* out[i] = keep * out[i] + gain * x[i] */
  void (*merge)(float* out, float keep, const float* x, float gain, int32_t n);
};
