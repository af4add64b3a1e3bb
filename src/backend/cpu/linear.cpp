// Matrix products of the CPU backend: which kernel, and which rows go to which thread.

#include <algorithm>
#include <cstring>

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

// Weight bytes that make a task: large against the cost of handing it out, small against the
// second-level cache.
constexpr int64_t kTaskBytes = 256 << 10;
constexpr int32_t kTasksPerThread = 8;

int32_t rows_per_task(int32_t num_rows, int64_t row_bytes, int num_threads) {
  const int64_t balanced = div_ceil<int64_t>(num_rows, int64_t{num_threads} * kTasksPerThread);
  const int64_t bounded = std::min(balanced, std::max<int64_t>(1, kTaskBytes / row_bytes));
  return static_cast<int32_t>(align_up<int64_t>(bounded, kWidenedRows));
}

}  // namespace

void CpuBackend::widen_row(const Weight& w, int32_t row, float* out) const {
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

void CpuBackend::linear_rows(const Weight& w, int32_t first_row, int32_t num_rows, Activation x,
                             Activation out, bool accumulate) {
  DCHECK(w.cols == x.cols && out.cols == num_rows && out.rows == x.rows);
  const int32_t step = rows_per_task(num_rows, w.row_bytes, pool_.num_threads());
  pool_.parallel_for(div_ceil(num_rows, step), [&](int task, int worker) {
    const int32_t begin = task * step;
    const int32_t count = std::min(step, num_rows - begin);
    linear_part(w, first_row + begin, count, x, out.data + begin, out.stride, accumulate, worker);
  });
}

}  // namespace youtu
