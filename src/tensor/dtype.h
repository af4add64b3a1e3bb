// The element types of tensors: plain ones, and the block types of GGUF in which a run of values shares its scales.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace youtu {

enum class DType : uint8_t {
  kF32, kF16, kBF16, kF64, kI8, kI16, kI32, kI64, kU8,
  // GGUF block types (byte layouts: tensor/dequantize.h).
  kQ4_0, kQ4_1, kQ5_0, kQ5_1, kQ8_0,
  kQ2_K, kQ3_K, kQ4_K, kQ5_K, kQ6_K,
  kIQ4_NL, kIQ4_XS, kMXFP4,
};

struct DTypeInfo {
  std::string_view name;  // "BF16", "Q4_K"
  int32_t block_values;   // values in a block; 1 for plain types
  int32_t block_bytes;
};

const DTypeInfo& dtype_info(DType dtype);
inline std::string_view to_string(DType dtype) {
  return dtype_info(dtype).name;
}

}  // namespace youtu
