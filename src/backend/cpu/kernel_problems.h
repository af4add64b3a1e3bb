// Problems for kernels: arguments of odd sizes with random values, and what a table makes of them.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "backend/cpu/kernels.h"
#include "tensor/dtype.h"
#include "tensor/packed.h"

namespace youtu {

class RandomValues {
 public:
  explicit RandomValues(uint64_t seed) : generator_(seed) {}

  std::vector<float> normal(size_t n, float deviation);
  std::vector<float> uniform(size_t n, float low, float high);
  std::vector<uint8_t> bytes(size_t n, int low, int high);
  std::vector<int16_t> words(size_t n, int low, int high);

 private:
  std::mt19937_64 generator_;
};

// out[t][n] = x[t] . w[n], with strides wider than rows.
class LinearProblem {
 public:
  LinearProblem(RandomValues& random, DType dtype, int32_t num_rows, int32_t num_cols,
                int32_t num_tokens);
  std::vector<float> solve(void (*kernel)(const LinearArgs*)) const;

 private:
  const int32_t num_rows_, num_cols_, num_tokens_;
  std::vector<uint8_t> weights_;
  std::vector<float> x_;
};

struct MatmulShape {
  int32_t m = 0, k = 0, n = 0;
};

class MatmulProblem {
 public:
  MatmulProblem(RandomValues& random, const MatmulShape& shape, bool is_f32);
  std::vector<float> solve(const CpuKernels& kernels) const;

 private:
  const MatmulShape shape_;
  const bool is_f32_;
  std::vector<float> a_, b_;
  std::vector<uint16_t> b16_;
};

// Rows of activations, as quantize_row leaves them.
struct RoundedRows {
  std::vector<int8_t> values;
  std::vector<float> scales;
  std::vector<int32_t> sums;
  std::vector<float> rest;
};

class PackedProblem {
 public:
  PackedProblem(RandomValues& random, const PackedFormat& format, int32_t num_rows,
                int32_t num_cols, int32_t num_tokens);
  const PackedShape& shape() const { return shape_; }
  RoundedRows round(const CpuKernels& kernels) const;
  // Of the first tokens.
  std::vector<float> solve(const CpuKernels& kernels, const RoundedRows& rows,
                           int32_t num_tokens) const;

 private:
  const PackedShape shape_;
  const int32_t num_tokens_;
  const int32_t num_blocks_;
  std::vector<uint8_t> panels_;
  std::vector<float> x_;
};

struct LatentShape {
  bool is_bytes = true;  // else words
  int32_t num_rows = 0, dims = 0, rope_dims = 0, num_tokens = 0;
};

// A tile of the context, and queries.
class LatentProblem {
 public:
  LatentProblem(RandomValues& random, const LatentShape& shape);
  // What quantize() makes of some values, and the scale.
  std::vector<int16_t> round(const LatentKernels& kernels) const;
  std::vector<float> scores(const LatentKernels& kernels) const;  // [num_rows][kLatentTile]
  // Softmax of the scores, twice over, and the values that it weighs.
  std::vector<float> attend(const LatentKernels& kernels, const std::vector<float>& scores) const;

 private:
  const LatentShape shape_;
  const int32_t num_blocks_;
  std::vector<uint8_t> key_bytes_;
  std::vector<int16_t> key_words_, rope_words_, queries_, rope_queries_, values_;
  std::vector<const uint8_t*> keys_, ropes_;  // of each block
  std::vector<float> key_scales_, rope_scales_, floats_;
  std::vector<LatentQuery> rows_;
};

struct Bf16Shape {
  int32_t num_rows = 0, key_dims = 0, rope_dims = 0, value_dims = 0, num_tokens = 0;
};

// Queries of a head, expanded keys and values in BF16.
class Bf16Problem {
 public:
  Bf16Problem(RandomValues& random, const Bf16Shape& shape);
  const Bf16Shape& shape() const { return shape_; }
  std::vector<float> scores(const Bf16Kernels& kernels) const;  // [kBf16Rows][kBf16ScoreStride]
  // Keys and values as each is packed, from F32.
  std::vector<uint16_t> pack(const Bf16Kernels& kernels) const;
  // Softmax of the scores, twice over, and the values that it weighs: [num_rows][value_dims], the
  // states, and what was kept.
  std::vector<float> attend(const Bf16Kernels& kernels, const std::vector<float>& scores) const;
  // The numbers by their meaning; `d` of keys counts the rope part's dims after the others.
  float query(int32_t r, int32_t d) const;
  float key(int32_t t, int32_t d) const;
  float value(int32_t t, int32_t d) const;

 private:
  const Bf16Shape shape_;
  const int32_t num_blocks_;
  std::vector<uint16_t> queries_, keys_, ropes_, values_;
};

}  // namespace youtu
