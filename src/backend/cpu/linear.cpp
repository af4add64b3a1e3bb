// Matrix products of the CPU backend: which kernel, and which rows go to which thread.

#include <algorithm>
#include <cstring>
#include <utility>

#include "backend/cpu/attention_shape.h"
#include "backend/cpu/cpu_backend.h"
#include "base/check.h"
#include "base/numbers.h"
#include "tensor/dequantize.h"

namespace youtu {

namespace {

using LinearKernel = void (*)(const LinearArgs*);

// The kernel that reads `dtype` directly, or nullptr: then rows are widened to F32 first.
LinearKernel find_linear_kernel(const CpuKernels& kernels, DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return kernels.linear_f32;
    case DType::kF16:
      return kernels.linear_f16;
    case DType::kBF16:
      return kernels.linear_bf16;
    case DType::kQ8_0:
      return kernels.linear_q8_0;
    case DType::kQ4_0:
      return kernels.linear_q4_0;
    default:
      return nullptr;
  }
}

// Weight bytes that make a task: large against the cost of handing it out, small against what a
// thread computes between two others' ends. Tasks that follow each other go to the same thread, so
// that what is fetched ahead at the end of one is what the next begins with.
constexpr int64_t kTaskBytes = 64 << 10;
// For at most kReadOnceTokens tokens, who are past 64 KB in a few microseconds.
constexpr int64_t kReadOnceTaskBytes = 384 << 10;
constexpr int32_t kTasksPerThread = 32;
// Pairs of panels, which the widest registers take at a time; for other weights, whole groups of
// widened rows.
constexpr int32_t kRowsAlignment = 4 * kPanelRows;
static_assert(kMaximumColumns == kMaximaColumns && kRowsAlignment % kMaximumColumns == 0);
static_assert(kPanelRows == kPackedPanelRows && kRowsAlignment % kWidenedRows == 0);
// Projections that one operation may have.
constexpr size_t kMaxProjections = 4;

int32_t rows_per_task(int32_t num_rows, int64_t row_bytes, int32_t num_tokens, int num_threads) {
  const int64_t task_bytes = num_tokens <= kReadOnceTokens ? kReadOnceTaskBytes : kTaskBytes;
  const int64_t balanced = div_ceil<int64_t>(num_rows, int64_t{num_threads} * kTasksPerThread);
  const int64_t bounded = std::min(balanced, std::max<int64_t>(1, task_bytes / row_bytes));
  return static_cast<int32_t>(align_up<int64_t>(bounded, kRowsAlignment));
}

constexpr int64_t kRowPadding = 64;

int32_t num_blocks(int32_t cols) {
  return div_ceil(cols, int32_t{kActivationBlock});
}

// Bytes from one rounded row to the next: an odd number of cache lines, so that the same place in
// many rows is not always the same few sets of the first-level cache.
int64_t value_stride(int32_t cols) {
  static_assert(kActivationBlock % (2 * kRowPadding) == 0);
  return int64_t{num_blocks(cols)} * kActivationBlock + kRowPadding;
}

bool has_packed(std::span<const Projection> projections) {
  return std::ranges::any_of(projections,
                             [](const Projection& p) { return p.weight->packed.has_value(); });
}

// The most that any of them takes.
InputBits input_bits_of(std::span<const Projection> projections) {
  const bool is_fine = std::ranges::any_of(
      projections, [](const Projection& p) { return p.weight->input_bits == InputBits::k16; });
  return is_fine ? InputBits::k16 : InputBits::k8;
}

// Inputs of 16 bits of so few rows pass by the weights as twice as many of 8 bits.
constexpr int32_t kPairedRows = 8;
constexpr int32_t kPairedColumns = kRowsAlignment;  // of the output, at a time

}  // namespace

void CpuBackend::widen_row(const Weight& w, int32_t row, float* out) const {
  if (w.packed) {
    read_packed_row(PackedShape(*w.packed, w.rows, w.cols), w.bytes.data(), row, out);
    return;
  }
  const uint8_t* bytes = w.bytes.data() + row * w.row_bytes;
  switch (w.dtype) {
    case DType::kF32:
      std::memcpy(out, bytes, sizeof(float) * static_cast<size_t>(w.cols));
      break;
    case DType::kF16:
      kernels_.f16_to_f32(reinterpret_cast<const uint16_t*>(bytes), w.cols, out);
      break;
    case DType::kBF16:
      kernels_.bf16_to_f32(reinterpret_cast<const uint16_t*>(bytes), w.cols, out);
      break;
    default:
      dequantize(w.dtype, bytes, w.cols, out);
      break;
  }
}

void CpuBackend::linear_part(const Weight& w, int32_t first_row, int32_t num_rows, Activation x,
                             float* out, int64_t out_stride, bool accumulate, int worker) {
  if (w.packed) {
    linear_part_packed(w, first_row, num_rows, x, out, out_stride, accumulate, worker);
    return;
  }
  LinearArgs args = {w.bytes.data() + first_row * w.row_bytes,
                     w.row_bytes,
                     num_rows,
                     w.cols,
                     x.rows,
                     x.data,
                     x.stride,
                     out,
                     out_stride,
                     accumulate};
  if (const LinearKernel kernel = find_linear_kernel(kernels_, w.dtype)) {
    kernel(&args);
    return;
  }
  float* widened = worker_scratch(worker);
  args.weights = reinterpret_cast<const uint8_t*>(widened);
  args.row_bytes = int64_t{w.cols} * 4;
  for (int32_t row = 0; row < num_rows; row += kWidenedRows) {
    args.num_rows = std::min(kWidenedRows, num_rows - row);
    args.out = out + row;
    for (int32_t r = 0; r < args.num_rows; ++r) {
      widen_row(w, first_row + row + r, widened + static_cast<int64_t>(r) * w.cols);
    }
    kernels_.linear_f32(&args);
  }
}

int64_t CpuBackend::rounded_row_bytes(int32_t cols) const {
  const int64_t factors = num_blocks(cols) * int64_t{sizeof(float) + 7 * sizeof(int32_t)};
  return (has_fine_input_ ? 2 : 1) * (value_stride(cols) + factors);
}

// Values first: blocks are larger than any alignment that what follows needs. What was left over
// follows as further rows.
CpuBackend::RoundedRows CpuBackend::cut_rounded_rows(uint8_t* bytes, int32_t rows, int32_t cols,
                                                     InputBits bits) {
  const int64_t blocks = int64_t{num_blocks(cols)} * rows, stride = value_stride(cols);
  const int64_t parts = bits == InputBits::k16 ? 2 : 1;
  auto* values = reinterpret_cast<int8_t*>(bytes);
  auto* scales = reinterpret_cast<float*>(bytes + parts * rows * stride);
  auto* sums = reinterpret_cast<int32_t*>(scales + parts * blocks);
  RoundedRows rounded = {.whole = {values, stride, scales, sums}, .rest = {}};
  if (bits == InputBits::k16) {
    rounded.rest = {values + rows * stride, stride, scales + blocks, sums + 7 * blocks};
  }
  return rounded;
}

void CpuBackend::round_row(const float* x, int32_t row, int32_t cols, const RoundedRows& to,
                           int worker) {
  const int64_t first = int64_t{row} * num_blocks(cols);
  const auto round = [&](const float* from, const RoundedPart& part, float* rest) {
    kernels_.packed.quantize_row(from, cols, part.values + row * part.stride, part.scales + first,
                                 part.sums + first * 7, rest);
  };
  float* rest = to.rest.values != nullptr ? worker_scratch(worker) : nullptr;
  round(x, to.whole, rest);
  if (rest != nullptr) round(rest, to.rest, nullptr);
}

// REQUIRES: `rounded` was cut for num_tokens rows.
void CpuBackend::multiply_panels(const Weight& w, int32_t first_row, int32_t num_rows,
                                 const RoundedRows& rounded, int32_t num_tokens, float* out,
                                 int64_t out_stride, bool accumulate, int worker) {
  DCHECK(first_row % kPanelRows == 0);
  const PackedShape shape(*w.packed, w.rows, w.cols);
  const int32_t blocks = num_blocks(w.cols), group = shape.format.group;
  const int32_t first_sum = group == 32 ? 0 : group == 64 ? 4 * blocks : 6 * blocks;
  const auto rows_of = [&](const RoundedPart& part) -> QuantizedRows {
    return {part.values, part.stride,           part.scales,
            blocks,      part.sums + first_sum, int64_t{blocks} * 7};
  };
  PackedLinearArgs args = {
      .panels = w.bytes.data() + first_row / kPanelRows * shape.panel_bytes,
      .panel_bytes = shape.panel_bytes,
      .num_rows = num_rows,
      .num_cols = static_cast<int32_t>(shape.padded_cols),
      .bits = shape.format.bits,
      .group = group,
      .has_min = shape.format.has_min,
      .x = rows_of(rounded.whole),
      .num_tokens = num_tokens,
      .out = out,
      .out_stride = out_stride,
      .accumulate = accumulate,
      .reads_once = reads_weights_once_ && num_tokens <= kReadOnceTokens,
      .scratch = worker_panels_.data() + int64_t{worker} * kPackedScratchBytes,
  };
  if (w.input_bits == InputBits::k8 || rounded.rest.values == nullptr) {
    kernels_.packed.linear(&args);
  } else if (num_tokens <= kPairedRows) {
    multiply_pairs(args);
  } else {
    // The second time, the weights come from the cache.
    kernels_.packed.linear(&args);
    args.x = rows_of(rounded.rest);
    args.accumulate = true;
    kernels_.packed.linear(&args);
  }
}

// The same as two products one after the other, in which each weight is unpacked once.
void CpuBackend::multiply_pairs(PackedLinearArgs args) const {
  const int32_t num_tokens = args.num_tokens, num_rows = args.num_rows;
  const int64_t out_stride = args.out_stride;
  float* out = args.out;
  float products[2 * kPairedRows][kPairedColumns];
  args.num_tokens = 2 * num_tokens;
  args.reads_once = args.reads_once && args.num_tokens <= kReadOnceTokens;
  args.out = products[0];
  args.out_stride = kPairedColumns;
  const bool accumulate = std::exchange(args.accumulate, false);
  for (int32_t first = 0; first < num_rows; first += kPairedColumns) {
    args.num_rows = std::min(kPairedColumns, num_rows - first);
    kernels_.packed.linear(&args);
    args.panels += kPairedColumns / kPanelRows * args.panel_bytes;
    for (int32_t t = 0; t < num_tokens; ++t) {
      const float* whole = products[t];
      const float* rest = products[num_tokens + t];
      float* to = out + t * out_stride + first;
      for (int32_t c = 0; c < args.num_rows; ++c) {
        to[c] = (accumulate ? to[c] + whole[c] : whole[c]) + rest[c];
      }
    }
  }
}

// Rounds the rows itself, some at a time: for the small products of one head.
void CpuBackend::linear_part_packed(const Weight& w, int32_t first_row, int32_t num_rows,
                                    Activation x, float* out, int64_t out_stride, bool accumulate,
                                    int worker) {
  uint8_t* memory = worker_rounded_.data() + worker * worker_rounded_bytes_;
  for (int32_t begin = 0; begin < x.rows; begin += kAbsorbedTokens) {
    const int32_t count = std::min(kAbsorbedTokens, x.rows - begin);
    const RoundedRows rounded = cut_rounded_rows(memory, count, x.cols, w.input_bits);
    for (int32_t t = 0; t < count; ++t) round_row(x.row(begin + t), t, x.cols, rounded, worker);
    multiply_panels(w, first_row, num_rows, rounded, count, out + begin * out_stride, out_stride,
                    accumulate, worker);
  }
}

// Where some of the weights are packed, the rows of x lie rounded in rounded_, to as many bits as
// the one that takes most.
void CpuBackend::multiply(std::span<const Projection> projections, Activation x, bool accumulate) {
  CHECK(projections.size() <= kMaxProjections);
  int32_t steps[kMaxProjections], first_tasks[kMaxProjections + 1] = {};
  for (size_t i = 0; i < projections.size(); ++i) {
    const Weight& w = *projections[i].weight;
    DCHECK(w.cols == x.cols && projections[i].out.cols == w.rows);
    const auto row_bytes = static_cast<int64_t>(w.bytes.size()) / w.rows;
    steps[i] = rows_per_task(w.rows, std::max<int64_t>(1, row_bytes), x.rows, pool_.num_threads());
    first_tasks[i + 1] = first_tasks[i] + div_ceil(w.rows, steps[i]);
  }
  const RoundedRows rounded =
      has_packed_ ? cut_rounded_rows(rounded_.data(), x.rows, x.cols, input_bits_of(projections))
                  : RoundedRows{};
  pool_.parallel_for(first_tasks[projections.size()], [&](int task, int worker) {
    size_t i = 0;
    while (task >= first_tasks[i + 1]) ++i;
    const Weight& w = *projections[i].weight;
    const Activation out = projections[i].out;
    const int32_t begin = (task - first_tasks[i]) * steps[i];
    const int32_t count = std::min(steps[i], w.rows - begin);
    if (w.packed) {
      multiply_panels(w, begin, count, rounded, x.rows, out.data + begin, out.stride, accumulate,
                      worker);
    } else {
      linear_part(w, begin, count, x, out.data + begin, out.stride, accumulate, worker);
    }
    const Activation maxima = projections[i].maxima;
    for (int32_t t = 0; t < maxima.rows; ++t) {
      kernels_.block_maxima(out.row(t) + begin, count, maxima.row(t) + begin / kMaximumColumns);
    }
  });
}

void CpuBackend::norm_linear(Activation x, const Weight& gain, float eps,
                             std::span<const Projection> projections) {
  DCHECK(gain.dtype == DType::kF32 && gain.cols == x.cols);
  const auto* gains = reinterpret_cast<const float*>(gain.bytes.data());
  const Activation normed = {normed_.as<float>(), x.rows, x.cols, align_up<int64_t>(x.cols, 16)};
  const bool rounds = has_packed(projections);
  const RoundedRows rounded =
      rounds ? cut_rounded_rows(rounded_.data(), x.rows, x.cols, input_bits_of(projections))
             : RoundedRows{};
  for_each_row(x.rows, [&](int32_t t, int worker) {
    kernels_.rms_norm(x.row(t), gains, x.cols, eps, normed.row(t));
    if (rounds) round_row(normed.row(t), t, x.cols, rounded, worker);
  });
  multiply(projections, normed, false);
}

void CpuBackend::linear_add(const Weight& w, Activation x, Activation out) {
  if (w.packed) {
    const RoundedRows rounded = cut_rounded_rows(rounded_.data(), x.rows, x.cols, w.input_bits);
    for_each_row(x.rows,
                 [&](int32_t t, int worker) { round_row(x.row(t), t, x.cols, rounded, worker); });
  }
  const Projection projection = {&w, out};
  multiply({&projection, 1}, x, true);
}

void CpuBackend::swiglu_linear_add(const Weight& w, Activation gate, Activation up,
                                   Activation out) {
  const bool rounds = w.packed.has_value();
  const RoundedRows rounded =
      rounds ? cut_rounded_rows(rounded_.data(), gate.rows, gate.cols, w.input_bits)
             : RoundedRows{};
  for_each_row(gate.rows, [&](int32_t t, int worker) {
    kernels_.silu_mul(gate.row(t), up.row(t), gate.cols, gate.row(t));
    if (rounds) round_row(gate.row(t), t, gate.cols, rounded, worker);
  });
  const Projection projection = {&w, out};
  multiply({&projection, 1}, gate, true);
}

}  // namespace youtu
