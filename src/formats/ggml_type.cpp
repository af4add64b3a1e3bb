#include "formats/ggml_type.h"

#include <array>

namespace youtu {

namespace {

struct KnownType {
  uint32_t id;
  std::string_view name;
  std::optional<DType> dtype;
};

// ggml's include/ggml.h. The grid types (IQ1 to IQ3) need tables that are part of llama.cpp's
// source, not of the format.
constexpr std::array<KnownType, 35> kTypes = {{
    {0, "F32", DType::kF32},
    {1, "F16", DType::kF16},
    {2, "Q4_0", DType::kQ4_0},
    {3, "Q4_1", DType::kQ4_1},
    {6, "Q5_0", DType::kQ5_0},
    {7, "Q5_1", DType::kQ5_1},
    {8, "Q8_0", DType::kQ8_0},
    {9, "Q8_1", {}},
    {10, "Q2_K", DType::kQ2_K},
    {11, "Q3_K", DType::kQ3_K},
    {12, "Q4_K", DType::kQ4_K},
    {13, "Q5_K", DType::kQ5_K},
    {14, "Q6_K", DType::kQ6_K},
    {15, "Q8_K", {}},
    {16, "IQ2_XXS", {}},
    {17, "IQ2_XS", {}},
    {18, "IQ3_XXS", {}},
    {19, "IQ1_S", {}},
    {20, "IQ4_NL", DType::kIQ4_NL},
    {21, "IQ3_S", {}},
    {22, "IQ2_S", {}},
    {23, "IQ4_XS", DType::kIQ4_XS},
    {24, "I8", DType::kI8},
    {25, "I16", DType::kI16},
    {26, "I32", DType::kI32},
    {27, "I64", DType::kI64},
    {28, "F64", DType::kF64},
    {29, "IQ1_M", {}},
    {30, "BF16", DType::kBF16},
    {34, "TQ1_0", {}},
    {35, "TQ2_0", {}},
    {39, "MXFP4", DType::kMXFP4},
    {40, "NVFP4", {}},
    {41, "Q1_0", {}},
    {42, "Q2_0", {}},
}};

constexpr uint32_t kLastKnownId = 42;

const KnownType* find_type(uint32_t id) {
  for (const KnownType& type : kTypes) {
    if (type.id == id) return &type;
  }
  return nullptr;
}

}  // namespace

std::optional<DType> dtype_of_ggml_type(uint32_t ggml_type) {
  const KnownType* type = find_type(ggml_type);
  return type ? type->dtype : std::nullopt;
}

std::string ggml_type_name(uint32_t ggml_type) {
  if (const KnownType* type = find_type(ggml_type)) return std::string(type->name);
  return std::to_string(ggml_type) + (ggml_type < kLastKnownId ? " (removed)" : " (unknown)");
}

std::string supported_ggml_types() {
  std::string names;
  for (const KnownType& type : kTypes) {
    if (!type.dtype) continue;
    if (!names.empty()) names += ", ";
    names += type.name;
  }
  return names;
}

}  // namespace youtu
