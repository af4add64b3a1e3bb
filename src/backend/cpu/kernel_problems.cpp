#include "backend/cpu/kernel_problems.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/numbers.h"

namespace youtu {

namespace {

constexpr int32_t kStridePadding = 3;

uint8_t* aligned(std::vector<uint8_t>& memory) {
  return reinterpret_cast<uint8_t*>(
      align_up<uintptr_t>(reinterpret_cast<uintptr_t>(memory.data()), 64));
}

// Rows of weights: random bits, with scales that are sane.
std::vector<uint8_t> random_weights(RandomValues& random, DType dtype, size_t num_values) {
  const DTypeInfo& info = dtype_info(dtype);
  const size_t num_blocks = num_values / static_cast<size_t>(info.block_values);
  const auto block_bytes = static_cast<size_t>(info.block_bytes);
  std::vector<uint8_t> bytes = random.bytes(num_blocks * block_bytes, 0, 255);
  if (info.block_values > 1) {
    const std::vector<float> scales = random.uniform(num_blocks, 0.01f, 0.1f);
    for (size_t b = 0; b < num_blocks; ++b) {
      const uint16_t half = float_to_f16(scales[b]);
      std::memcpy(&bytes[b * block_bytes], &half, sizeof(half));
    }
    return bytes;
  }
  const std::vector<float> values = random.normal(num_values, 0.1f);
  if (dtype == DType::kF32) {
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
  }
  for (size_t i = 0; i < num_values; ++i) {
    const uint16_t half = dtype == DType::kF16 ? float_to_f16(values[i]) : float_to_bf16(values[i]);
    std::memcpy(&bytes[2 * i], &half, sizeof(half));
  }
  return bytes;
}

}  // namespace

std::vector<float> RandomValues::normal(size_t n, float deviation) {
  std::normal_distribution<float> distribution(0.0f, deviation);
  std::vector<float> values(n);
  for (float& value : values) value = distribution(generator_);
  return values;
}

std::vector<float> RandomValues::uniform(size_t n, float low, float high) {
  std::uniform_real_distribution<float> distribution(low, high);
  std::vector<float> values(n);
  for (float& value : values) value = distribution(generator_);
  return values;
}

std::vector<uint8_t> RandomValues::bytes(size_t n, int low, int high) {
  std::uniform_int_distribution<int> distribution(low, high);
  std::vector<uint8_t> values(n);
  for (uint8_t& value : values) value = static_cast<uint8_t>(distribution(generator_));
  return values;
}

std::vector<int16_t> RandomValues::words(size_t n, int low, int high) {
  std::uniform_int_distribution<int> distribution(low, high);
  std::vector<int16_t> values(n);
  for (int16_t& value : values) value = static_cast<int16_t>(distribution(generator_));
  return values;
}

// Products with weights that lie as they are in the file.

LinearProblem::LinearProblem(RandomValues& random, DType dtype, int32_t num_rows, int32_t num_cols,
                             int32_t num_tokens)
    : num_rows_(num_rows),
      num_cols_(num_cols),
      num_tokens_(num_tokens),
      weights_(random_weights(random, dtype,
                              static_cast<size_t>(num_rows) * static_cast<size_t>(num_cols))),
      x_(random.normal(static_cast<size_t>((num_cols + kStridePadding) * num_tokens), 1.0f)) {}

std::vector<float> LinearProblem::solve(void (*kernel)(const LinearArgs*)) const {
  const int64_t stride = num_rows_ + kStridePadding;
  std::vector<float> out(static_cast<size_t>(stride * num_tokens_), 0.25f);
  const LinearArgs args = {.weights = weights_.data(),
                           .row_bytes = static_cast<int64_t>(weights_.size()) / num_rows_,
                           .num_rows = num_rows_,
                           .num_cols = num_cols_,
                           .num_tokens = num_tokens_,
                           .x = x_.data(),
                           .x_stride = num_cols_ + kStridePadding,
                           .out = out.data(),
                           .out_stride = stride,
                           .accumulate = true};
  kernel(&args);
  return out;
}

MatmulProblem::MatmulProblem(RandomValues& random, const MatmulShape& shape, bool is_f32)
    : shape_(shape),
      is_f32_(is_f32),
      a_(random.normal(static_cast<size_t>(shape.m * (shape.k + kStridePadding)), 1.0f)),
      b_(random.normal(static_cast<size_t>(shape.k * (shape.n + kStridePadding)), 1.0f)) {
  for (const float value : b_) b16_.push_back(float_to_bf16(value));
}

std::vector<float> MatmulProblem::solve(const CpuKernels& kernels) const {
  const int64_t stride = shape_.n + kStridePadding;
  std::vector<float> out(static_cast<size_t>(stride * shape_.m), 0.5f);
  const void* b = is_f32_ ? static_cast<const void*>(b_.data()) : b16_.data();
  const MatmulArgs args = {.a = a_.data(),
                           .a_stride = shape_.k + kStridePadding,
                           .b = b,
                           .b_stride = shape_.n + kStridePadding,
                           .c = out.data(),
                           .c_stride = stride,
                           .M = shape_.m,
                           .K = shape_.k,
                           .N = shape_.n,
                           .accumulate = true};
  (is_f32_ ? kernels.matmul_f32 : kernels.matmul_bf16)(&args);
  return out;
}

// Products with packed weights.

PackedProblem::PackedProblem(RandomValues& random, const PackedFormat& format, int32_t num_rows,
                             int32_t num_cols, int32_t num_tokens)
    : shape_(format, num_rows, num_cols),
      num_tokens_(num_tokens),
      num_blocks_(div_ceil(static_cast<int32_t>(shape_.padded_cols), int32_t{kActivationBlock})),
      panels_(random.bytes(static_cast<size_t>(shape_.bytes()), 0, 255)),
      x_(random.normal(static_cast<size_t>(num_tokens) * static_cast<size_t>(shape_.padded_cols),
                       1.0f)) {
  const int64_t num_halves = shape_.num_groups * kPackedPanelRows * (shape_.format.has_min ? 2 : 1);
  for (int64_t panel = 0; panel < shape_.num_panels; ++panel) {
    const std::vector<float> scales =
        random.uniform(static_cast<size_t>(num_halves), -0.03f, 0.07f);
    for (int64_t i = 0; i < num_halves; ++i) {
      const uint16_t half = float_to_f16(scales[static_cast<size_t>(i)]);
      std::memcpy(&panels_[static_cast<size_t>(panel * shape_.panel_bytes + 2 * i)], &half,
                  sizeof(half));
    }
  }
}

RoundedRows PackedProblem::round(const CpuKernels& kernels) const {
  const auto cols = static_cast<int32_t>(shape_.padded_cols);
  const auto tokens = static_cast<size_t>(num_tokens_), blocks = static_cast<size_t>(num_blocks_);
  RoundedRows rows = {std::vector<int8_t>(tokens * blocks * kActivationBlock),
                      std::vector<float>(tokens * blocks),
                      std::vector<int32_t>(tokens * blocks * 7),
                      std::vector<float>(tokens * blocks * kActivationBlock)};
  for (size_t t = 0; t < tokens; ++t) {
    kernels.packed.quantize_row(x_.data() + t * static_cast<size_t>(cols), cols,
                                &rows.values[t * blocks * kActivationBlock],
                                &rows.scales[t * blocks], &rows.sums[t * blocks * 7],
                                &rows.rest[t * blocks * kActivationBlock]);
  }
  return rows;
}

std::vector<float> PackedProblem::solve(const CpuKernels& kernels, const RoundedRows& rows,
                                        int32_t num_tokens) const {
  const int32_t group = shape_.format.group;
  const int32_t first_sum = group == 32 ? 0 : group == 64 ? 4 * num_blocks_ : 6 * num_blocks_;
  const int64_t stride = shape_.rows + kStridePadding;
  std::vector<float> out(static_cast<size_t>(stride * num_tokens), 0.25f);
  std::vector<uint8_t> scratch(kPackedScratchBytes + 64);
  const PackedLinearArgs args = {
      .panels = panels_.data(),
      .panel_bytes = shape_.panel_bytes,
      .num_rows = static_cast<int32_t>(shape_.rows),
      .num_cols = static_cast<int32_t>(shape_.padded_cols),
      .bits = shape_.format.bits,
      .group = group,
      .has_min = shape_.format.has_min,
      .x = {rows.values.data(), int64_t{num_blocks_} * kActivationBlock, rows.scales.data(),
            num_blocks_, rows.sums.data() + first_sum, int64_t{num_blocks_} * 7},
      .num_tokens = num_tokens,
      .out = out.data(),
      .out_stride = stride,
      .accumulate = true,
      .reads_once = false,
      .scratch = aligned(scratch)};
  kernels.packed.linear(&args);
  return out;
}

// Attention over integers.

LatentProblem::LatentProblem(RandomValues& random, const LatentShape& shape)
    : shape_(shape), num_blocks_(div_ceil(shape.num_tokens, int32_t{kLatentBlock})) {
  const auto blocks = static_cast<size_t>(num_blocks_), dims = static_cast<size_t>(shape.dims),
             rope_dims = static_cast<size_t>(shape.rope_dims),
             rows = static_cast<size_t>(shape.num_rows);
  key_bytes_ = random.bytes(blocks * kLatentBlock * dims, 1, 255);
  key_words_ = random.words(blocks * kLatentBlock * dims, -4095, 4095);
  rope_words_ = random.words(blocks * kLatentBlock * rope_dims, -4095, 4095);
  for (size_t b = 0; b < blocks; ++b) {
    const size_t at = b * kLatentBlock * dims;
    keys_.push_back(shape.is_bytes ? key_bytes_.data() + at
                                   : reinterpret_cast<const uint8_t*>(key_words_.data() + at));
    ropes_.push_back(
        reinterpret_cast<const uint8_t*>(rope_words_.data() + b * kLatentBlock * rope_dims));
  }
  queries_ = random.words(rows * dims, -4000, 4000);
  rope_queries_ = random.words(rows * rope_dims, -4000, 4000);
  key_scales_ = random.uniform(blocks * kLatentBlock, 0.001f, 0.1f);
  rope_scales_ = random.uniform(blocks * kLatentBlock, 0.00001f, 0.001f);
  floats_ = random.uniform(static_cast<size_t>(shape.num_tokens), -3.0f, 3.0f);
  values_ = random.words(size_t{kLatentTile} * static_cast<size_t>(align_up(shape.dims, 16)), -1023,
                         1023);
  for (int32_t r = 0; r < shape.num_rows; ++r) {
    rows_.push_back({2e-5f * static_cast<float>(r + 1), 1e-4f, 0});
  }
}

std::vector<int16_t> LatentProblem::round(const LatentKernels& kernels) const {
  const auto n = static_cast<int32_t>(floats_.size());
  std::vector<int16_t> out(floats_.size());
  const float scale = kernels.quantize(floats_.data(), n, 4095.0f, out.data());
  int16_t halves[2];
  std::memcpy(halves, &scale, sizeof(scale));
  out.insert(out.end(), {halves[0], halves[1]});
  return out;
}

std::vector<float> LatentProblem::scores(const LatentKernels& kernels) const {
  std::vector<float> out(static_cast<size_t>(shape_.num_rows) * kLatentTile);
  std::vector<LatentQuery> rows = rows_;
  std::vector<int16_t> queries = queries_, rope_queries = rope_queries_;
  for (int32_t r = 0; shape_.is_bytes && r < shape_.num_rows; ++r) {
    const LatentPlaceArgs place = {.key = queries_.data() + r * shape_.dims,
                                   .rope = rope_queries_.data() + r * shape_.rope_dims,
                                   .key_dims = shape_.dims,
                                   .rope_dims = shape_.rope_dims,
                                   .row = r,
                                   .num_rows = shape_.num_rows,
                                   .keys = queries.data(),
                                   .ropes = rope_queries.data()};
    rows[static_cast<size_t>(r)].sum = kernels.place_query(&place);
  }
  const LatentScoreArgs args = {.keys = keys_.data(),
                                .ropes = ropes_.data(),
                                .num_blocks = num_blocks_,
                                .key_dims = shape_.dims,
                                .rope_dims = shape_.rope_dims,
                                .key_scales = key_scales_.data(),
                                .rope_scales = rope_scales_.data(),
                                .queries = queries.data(),
                                .rope_queries = rope_queries.data(),
                                .rows = rows.data(),
                                .num_rows = shape_.num_rows,
                                .scores = out.data(),
                                .score_stride = kLatentTile};
  (shape_.is_bytes ? kernels.score_bytes : kernels.score_words)(&args);
  return out;
}

std::vector<float> LatentProblem::attend(const LatentKernels& kernels,
                                         const std::vector<float>& scores) const {
  const auto num_rows = static_cast<size_t>(shape_.num_rows);
  const int64_t stride = shape_.dims + kStridePadding;
  std::vector<uint8_t> memory((num_rows + 1) * kLatentTile * kWeightBytes + 64);
  std::vector<float> out(num_rows * static_cast<size_t>(stride), 0.5f), numbers;
  std::vector<SoftmaxState> states(num_rows, {-INFINITY, 0});
  const auto* words = reinterpret_cast<const uint8_t*>(values_.data());
  for (int step = 0; step < 2; ++step) {  // the second tile is joined to the first
    std::vector<float> tile = scores;
    std::vector<LatentWeights> weights;
    for (int32_t r = 0; r < shape_.num_rows; ++r) {
      float* row = tile.data() + r * kLatentTile;
      row[0] += static_cast<float>(step * (r % 3)) * 5;
      const LatentSoftmaxArgs args = {.scores = row,
                                      .count = shape_.num_tokens,
                                      .value_scales = key_scales_.data(),
                                      .limit = 16383.0f,
                                      .weights = aligned(memory),
                                      .row = r,
                                      .num_rows = shape_.num_rows};
      SoftmaxState& state = states[static_cast<size_t>(r)];
      weights.push_back(
          (shape_.is_bytes ? kernels.softmax_bytes : kernels.softmax_words)(&args, &state));
      numbers.insert(numbers.end(),
                     {weights.back().scale, weights.back().keep,
                      static_cast<float>(weights.back().total), state.max, state.sum});
    }
    const LatentValueArgs args = {.values = shape_.is_bytes ? keys_.data() : &words,
                                  .num_blocks = num_blocks_,
                                  .value_dims = shape_.dims - 1,
                                  .value_stride = align_up(shape_.dims, 16),
                                  .weights = aligned(memory),
                                  .rows = weights.data(),
                                  .num_rows = shape_.num_rows,
                                  .out = out.data(),
                                  .out_stride = stride};
    (shape_.is_bytes ? kernels.values_bytes : kernels.values_words)(&args);
  }
  kernels.merge(out.data(), 0.75f, floats_.data(), 0.5f,
                static_cast<int32_t>(std::min(out.size(), floats_.size())));
  out.insert(out.end(), numbers.begin(), numbers.end());
  return out;
}

// Attention over expanded keys and values in BF16.

Bf16Problem::Bf16Problem(RandomValues& random, const Bf16Shape& shape)
    : shape_(shape), num_blocks_(div_ceil(shape.num_tokens, int32_t{kLatentBlock})) {
  const auto halves = [&](int64_t n, float deviation) {
    std::vector<uint16_t> values;
    for (const float x : random.normal(static_cast<size_t>(n), deviation)) {
      values.push_back(float_to_bf16(x));
    }
    return values;
  };
  const int64_t tokens = int64_t{num_blocks_} * kLatentBlock;
  queries_ = halves(kBf16Rows * (shape.key_dims + shape.rope_dims), 0.3f);
  keys_ = halves(tokens * shape.key_dims, 1);
  ropes_ = halves(tokens * shape.rope_dims, 1);
  values_ = halves(int64_t{align_up<int32_t>(shape.value_dims, kBf16Lanes)} * kLatentTile, 1);
}

float Bf16Problem::query(int32_t r, int32_t d) const {
  return bf16_to_float(queries_[static_cast<size_t>(r * (shape_.key_dims + shape_.rope_dims) + d)]);
}

float Bf16Problem::key(int32_t t, int32_t d) const {
  const bool is_rope = d >= shape_.key_dims;
  const int32_t dims = is_rope ? shape_.rope_dims : shape_.key_dims;
  const int32_t of_part = is_rope ? d - shape_.key_dims : d;
  const int32_t line = t / kLatentBlock * (dims / 2) + of_part / 2;
  const int32_t at = (line * kBf16Lanes + t % kLatentBlock) * 2 + d % 2;
  return bf16_to_float((is_rope ? ropes_ : keys_)[static_cast<size_t>(at)]);
}

float Bf16Problem::value(int32_t t, int32_t d) const {
  const int32_t line = d / kBf16Lanes * (kLatentTile / 2) + t / 2;
  return bf16_to_float(
      values_[static_cast<size_t>((line * kBf16Lanes + d % kBf16Lanes) * 2 + t % 2)]);
}

std::vector<uint16_t> Bf16Problem::pack(const Bf16Kernels& kernels) const {
  // A dim less than the products have.
  const int32_t stride = std::max(shape_.key_dims, shape_.value_dims) + kStridePadding;
  const auto num_values = static_cast<size_t>(stride * shape_.num_tokens);
  std::vector<float> x(num_values);
  for (size_t i = 0; i < num_values; ++i) {
    x[i] = (static_cast<float>(i % 977) - 400.3f) * 0.37f;
    if (i % 11 == 0) x[i] *= 0x1p-130f;  // a denormal
  }
  std::vector<uint16_t> out(keys_.size() + values_.size(), 7);
  Bf16PackArgs args = {x.data(), stride, shape_.num_tokens, shape_.key_dims - 1, out.data()};
  kernels.pack_keys(&args);
  args.dims = shape_.value_dims;
  args.out += keys_.size();
  kernels.pack_values(&args);
  return out;
}

std::vector<float> Bf16Problem::scores(const Bf16Kernels& kernels) const {
  std::vector<float> out(size_t{kBf16Rows} * kBf16ScoreStride);
  const Bf16ScoreArgs args = {.queries = queries_.data(),
                              .keys = keys_.data(),
                              .ropes = ropes_.data(),
                              .num_blocks = num_blocks_,
                              .key_dims = shape_.key_dims,
                              .rope_dims = shape_.rope_dims,
                              .scores = out.data()};
  kernels.scores(&args);
  return out;
}

std::vector<float> Bf16Problem::attend(const Bf16Kernels& kernels,
                                       const std::vector<float>& scores) const {
  const auto num_rows = static_cast<size_t>(shape_.num_rows);
  const int64_t stride = shape_.value_dims + kStridePadding;
  std::vector<float> out(num_rows * static_cast<size_t>(stride), 0.5f), numbers;
  std::vector<uint16_t> weights(size_t{kBf16Rows} * kBf16WeightStride);
  std::vector<SoftmaxState> states(num_rows, {-INFINITY, 0});
  std::vector<float> keep(num_rows);
  for (int step = 0; step < 2; ++step) {  // the second tile is joined to the first
    std::vector<float> tile = scores;
    for (size_t r = 0; r < num_rows; ++r) {
      float* row = tile.data() + r * kBf16ScoreStride;
      row[0] += static_cast<float>(step) * static_cast<float>(r % 3) * 5;
      keep[r] = kernels.softmax(row, shape_.num_tokens, weights.data() + r * kBf16WeightStride,
                                &states[r]);
      numbers.insert(numbers.end(), {keep[r], states[r].max, states[r].sum});
    }
    const Bf16ValueArgs args = {.weights = weights.data(),
                                .values = values_.data(),
                                .num_tokens = align_up<int32_t>(shape_.num_tokens, kBf16Depth),
                                .value_dims = shape_.value_dims,
                                .keep = keep.data(),
                                .num_rows = shape_.num_rows,
                                .out = out.data(),
                                .out_stride = stride};
    kernels.values(&args);
  }
  out.insert(out.end(), numbers.begin(), numbers.end());
  return out;
}

}  // namespace youtu
