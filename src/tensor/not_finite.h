// Weights that are no numbers: a damaged file, or training that went wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tensor/tensor_view.h"

namespace youtu {

struct NotFinite {
  std::vector<int64_t> index;  // of the first, one number for each dimension
  float value = 0;             // NaN or an infinity
  int64_t count = 0;           // how many values are not finite
};

// Reads every value. REQUIRES: can_dequantize(tensor.dtype), and rows of whole blocks.
std::optional<NotFinite> find_not_finite(const TensorView& tensor);

}  // namespace youtu
