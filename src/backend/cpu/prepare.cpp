// Weights from files into the CPU backend's memory: as they are, or packed.

#include <algorithm>
#include <cstring>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "base/check.h"
#include "base/numbers.h"
#include "tensor/dequantize.h"
#include "tensor/levels.h"

namespace youtu {

namespace {

// A row as integers, with storage of its own.
struct RowBuffer {
  explicit RowBuffer(const PackedShape& shape)
      : values(static_cast<size_t>(shape.cols)),
        levels(static_cast<size_t>(shape.padded_cols)),
        scales(static_cast<size_t>(shape.num_groups)),
        mins(shape.format.has_min ? scales.size() : 0) {}
  LevelRow view() { return {levels, scales, mins}; }

  std::vector<float> values;
  std::vector<uint8_t> levels;
  std::vector<uint16_t> scales, mins;
};

bool keeps_levels(DType dtype, const PackedFormat& format) {
  const auto repacking = find_repacking(dtype);
  return repacking && repacking->keeps_levels && repacking->format == format;
}

}  // namespace

Result<Weight> CpuBackend::prepare(const TensorView& tensor) {
  const DTypeInfo& info = dtype_info(tensor.dtype);
  Weight weight;
  weight.dtype = tensor.dtype;
  weight.rows = static_cast<int32_t>(tensor.num_rows());
  weight.cols = static_cast<int32_t>(tensor.row_length());
  CHECK(weight.cols % info.block_values == 0);
  weight.row_bytes = static_cast<int64_t>(weight.cols / info.block_values) * info.block_bytes;
  CHECK(tensor.data.size() == static_cast<size_t>(weight.rows * weight.row_bytes));
  auto bytes = allocate(tensor.data.size());
  if (!bytes) return bytes.status().with_prefix(tensor.name + ": ");
  weight.bytes = std::move(*bytes);
  constexpr size_t kTaskBytes = 1u << 20;
  const size_t size = tensor.data.size();
  pool_.parallel_for(static_cast<int>(div_ceil(size, kTaskBytes)), [&](int task, int) {
    const size_t begin = static_cast<size_t>(task) * kTaskBytes;
    std::memcpy(weight.bytes.data() + begin, tensor.data.data() + begin,
                std::min(kTaskBytes, size - begin));
  });
  widest_row_ = std::max(widest_row_, weight.cols);
  return weight;
}

Result<Weight> CpuBackend::prepare_packed(const TensorView& tensor, const PackedFormat& format) {
  CHECK(can_dequantize(tensor.dtype));
  const PackedShape shape(format, tensor.num_rows(), tensor.row_length());
  Weight weight;
  weight.dtype = tensor.dtype;
  weight.rows = static_cast<int32_t>(shape.rows);
  weight.cols = static_cast<int32_t>(shape.cols);
  weight.packed = format;
  auto bytes = allocate(static_cast<size_t>(shape.bytes()));
  if (!bytes) return bytes.status().with_prefix(tensor.name + ": ");
  weight.bytes = std::move(*bytes);
  const std::span<uint8_t> panels(weight.bytes.data(), static_cast<size_t>(shape.bytes()));
  const bool is_copied = keeps_levels(tensor.dtype, format);
  const size_t row_bytes =
      tensor.data.size() / static_cast<size_t>(std::max<int64_t>(1, shape.rows));
  pool_.parallel_for(static_cast<int>(shape.num_panels), [&](int panel, int) {
    RowBuffer buffer(shape);
    const int64_t first = int64_t{panel} * kPackedPanelRows;
    for (int64_t row = first; row < std::min(first + kPackedPanelRows, shape.rows); ++row) {
      const uint8_t* from = tensor.data.data() + static_cast<size_t>(row) * row_bytes;
      if (is_copied) {
        copy_levels(shape, tensor.dtype, from, buffer.view());
      } else {
        dequantize(tensor.dtype, from, shape.cols, buffer.values.data());
        round_to_levels(shape, buffer.values.data(), buffer.view());
      }
      write_packed_row(shape, row, buffer.view(), panels);
    }
  });
  widest_row_ = std::max(widest_row_, weight.cols);
  has_packed_ = true;
  return weight;
}

}  // namespace youtu
