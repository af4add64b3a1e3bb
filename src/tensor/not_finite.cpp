#include "tensor/not_finite.h"

#include <cmath>

#include "base/check.h"
#include "tensor/dequantize.h"

namespace youtu {

namespace {

std::vector<int64_t> index_of(int64_t place, const std::vector<int64_t>& shape) {
  std::vector<int64_t> index(shape.size());
  for (size_t i = shape.size(); i-- > 0;) {
    index[i] = place % shape[i];
    place /= shape[i];
  }
  return index;
}

}  // namespace

std::optional<NotFinite> find_not_finite(const TensorView& tensor) {
  CHECK(can_dequantize(tensor.dtype));
  const int64_t rows = tensor.num_rows(), cols = tensor.row_length();
  if (rows == 0) return std::nullopt;
  const auto row_bytes = static_cast<int64_t>(tensor.data.size()) / rows;
  std::vector<float> values(static_cast<size_t>(cols));
  NotFinite found;
  for (int64_t row = 0; row < rows; ++row) {
    dequantize(tensor.dtype, tensor.data.data() + row * row_bytes, cols, values.data());
    for (int64_t col = 0; col < cols; ++col) {
      const float value = values[static_cast<size_t>(col)];
      if (std::isfinite(value)) continue;
      if (found.count++ > 0) continue;
      found.value = value;
      found.index = index_of(row * cols + col, tensor.shape);
    }
  }
  if (found.count == 0) return std::nullopt;
  return found;
}

}  // namespace youtu
