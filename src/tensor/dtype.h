// The element types of tensors: plain ones, and the block types of GGUF in which a run of values
// shares its scales.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace youtu {

enum class DType : uint8_t {
  kF32,
  kF16,
  kBF16,
  kF64,
  kI8,
  kI16,
  kI32,
  kI64,
  kU8,
  kU16,
  kU32,
  kU64,
  kBool,
  kC64,
  // Small floats of safetensors; known, so that a file that holds them can be listed.
  kF8_E4M3,
  kF8_E5M2,
  kF8_E8M0,
  kF8_E4M3FNUZ,
  kF8_E5M2FNUZ,
  kF6_E2M3,
  kF6_E3M2,
  kF4,
  // GGUF block types (byte layouts: tensor/dequantize.cpp).
  kQ4_0,
  kQ4_1,
  kQ5_0,
  kQ5_1,
  kQ8_0,
  kQ2_K,
  kQ3_K,
  kQ4_K,
  kQ5_K,
  kQ6_K,
  kIQ4_NL,
  kIQ4_XS,
  kMXFP4,
};
inline constexpr int kNumDTypes = static_cast<int>(DType::kMXFP4) + 1;

struct DTypeInfo {
  std::string_view name;  // "BF16", "Q4_K"
  int32_t block_values;   // values in a block; 1 for most plain types
  int32_t block_bytes;
};

const DTypeInfo& dtype_info(DType dtype);
inline std::string_view to_string(DType dtype) {
  return dtype_info(dtype).name;
}

// The type of that name, as safetensors and to_string() spell it.
std::optional<DType> find_dtype(std::string_view name);

// Bytes of `num_values` values, or nothing if they are negative, no whole number of blocks, or too
// many for int64_t.
std::optional<int64_t> dtype_bytes(DType dtype, int64_t num_values);

}  // namespace youtu
