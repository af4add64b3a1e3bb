// Weights from files into the CPU backend's memory: as they are, packed, or used where they lie.

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
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

constexpr size_t kTaskBytes = 1u << 20;
constexpr size_t kPageBytes = 4096;

// Whether the pages are in memory; false if the file ends before them, or cannot be read.
bool populate(const uint8_t* begin, size_t size) {
#ifdef MADV_POPULATE_READ
  // One call instead of a fault for every few pages, and an error instead of a signal.
  if (::madvise(const_cast<uint8_t*>(begin), size, MADV_POPULATE_READ) == 0) return true;
  if (errno == EFAULT || errno == EHWPOISON) return false;
#endif
  for (size_t i = 0; i < size; i += kPageBytes) {
    (void)static_cast<const volatile uint8_t*>(begin)[i];
  }
  return true;
}

}  // namespace

void CpuBackend::copy_in_parallel(std::span<const uint8_t> from, uint8_t* to) {
  pool_.parallel_for(static_cast<int>(div_ceil(from.size(), kTaskBytes)), [&](int task, int) {
    const size_t begin = static_cast<size_t>(task) * kTaskBytes;
    std::memcpy(to + begin, from.data() + begin, std::min(kTaskBytes, from.size() - begin));
  });
}

Status CpuBackend::bring_into_memory(std::span<const uint8_t> bytes) {
  // From the page that holds the first byte on.
  const size_t lead = reinterpret_cast<uintptr_t>(bytes.data()) % kPageBytes;
  const uint8_t* first = bytes.data() - lead;
  const size_t size = bytes.size() + lead;
  std::atomic<bool> is_there = true;
  pool_.parallel_for(static_cast<int>(div_ceil(size, kTaskBytes)), [&](int task, int) {
    const size_t begin = static_cast<size_t>(task) * kTaskBytes;
    if (!populate(first + begin, std::min(kTaskBytes, size - begin))) is_there = false;
  });
  if (is_there) return Status::ok();
  return Status::invalid_argument("the file cannot be read to its end: it has been truncated");
}

Result<Weight> CpuBackend::prepare(const TensorView& tensor) {
  const DTypeInfo& info = dtype_info(tensor.dtype);
  Weight weight;
  weight.dtype = tensor.dtype;
  weight.rows = static_cast<int32_t>(tensor.num_rows());
  weight.cols = static_cast<int32_t>(tensor.row_length());
  CHECK(weight.cols % info.block_values == 0);
  weight.row_bytes = static_cast<int64_t>(weight.cols / info.block_values) * info.block_bytes;
  const auto size = static_cast<size_t>(weight.rows * weight.row_bytes);
  auto bytes = allocate(size);
  if (!bytes) return bytes.status().with_prefix(tensor.name + ": ");
  weight.bytes = std::move(*bytes);
  widest_row_ = std::max(widest_row_, weight.cols);
  if (memory_ == MemoryUse::kMeasured) return weight;
  CHECK(tensor.data.size() == size);
  copy_in_parallel(tensor.data, weight.bytes.data());
  return weight;
}

Result<Weight> CpuBackend::prepare_packed(const TensorView& tensor, const PackedFormat& format,
                                          InputBits input_bits) {
  CHECK(can_dequantize(tensor.dtype));
  const PackedShape shape(format, tensor.num_rows(), tensor.row_length());
  Weight weight;
  weight.dtype = tensor.dtype;
  weight.rows = static_cast<int32_t>(shape.rows);
  weight.cols = static_cast<int32_t>(shape.cols);
  weight.packed = format;
  weight.input_bits = input_bits;
  auto bytes = allocate(static_cast<size_t>(shape.bytes()));
  if (!bytes) return bytes.status().with_prefix(tensor.name + ": ");
  weight.bytes = std::move(*bytes);
  widest_row_ = std::max(widest_row_, weight.cols);
  has_packed_ = true;
  has_fine_input_ = has_fine_input_ || input_bits == InputBits::k16;
  if (memory_ == MemoryUse::kMeasured) return weight;
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
  return weight;
}

Result<Weight> CpuBackend::adopt(const TensorView& tensor, Placement placement,
                                 InputBits input_bits) {
  Weight weight;
  weight.dtype = tensor.dtype;
  weight.rows = static_cast<int32_t>(tensor.num_rows());
  weight.cols = static_cast<int32_t>(tensor.row_length());
  weight.packed = tensor.packed;
  if (weight.packed) weight.input_bits = input_bits;
  const auto size = static_cast<int64_t>(tensor.data.size());
  if (tensor.packed) {
    CHECK(size == PackedShape(*tensor.packed, weight.rows, weight.cols).bytes());
  } else {
    weight.row_bytes = size / weight.rows;
  }
  if (placement == Placement::kCopied) {
    auto bytes = allocate(tensor.data.size());
    if (!bytes) return bytes.status().with_prefix(tensor.name + ": ");
    if (memory_ == MemoryUse::kTaken) copy_in_parallel(tensor.data, bytes->data());
    weight.bytes = std::move(*bytes);
  } else {
    if (memory_ == MemoryUse::kTaken) {
      const Status status = bring_into_memory(tensor.data);
      if (!status) return status.with_prefix(tensor.name + ": ");
    }
    // Weights are only read.
    weight.bytes = Buffer(const_cast<uint8_t*>(tensor.data.data()), tensor.data.size(),
                          [](uint8_t*, size_t) {});
  }
  widest_row_ = std::max(widest_row_, weight.cols);
  has_packed_ = has_packed_ || weight.packed.has_value();
  has_fine_input_ = has_fine_input_ || weight.input_bits == InputBits::k16;
  return weight;
}

}  // namespace youtu
