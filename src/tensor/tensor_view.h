// A tensor in somebody else's memory: a file's mapping or a buffer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tensor/dtype.h"
#include "tensor/packed.h"

namespace youtu {

// Row-major, outermost dimension first (PyTorch's order; GGUF readers reverse theirs). The bytes
// need not be aligned. The reader of the file has checked that data.size() is exactly what dtype
// and shape need. Never owns.
struct TensorView {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  std::span<const uint8_t> data;
  // The bytes are panels of this format instead of values of `dtype`, which is kU8.
  std::optional<PackedFormat> packed = {};

  // "BF16", "Q4_K", "q4g32"
  std::string type_name() const {
    return packed ? to_string(*packed) : std::string(to_string(dtype));
  }
  int64_t num_values() const {
    int64_t n = 1;
    for (int64_t d : shape) n *= d;
    return n;
  }
  // Length of the innermost dimension: what a matrix row holds. 1 for a scalar.
  int64_t row_length() const { return shape.empty() ? 1 : shape.back(); }
  int64_t num_rows() const { return row_length() == 0 ? 0 : num_values() / row_length(); }
};

}  // namespace youtu
