#include "tensor/dtype.h"

#include <array>

#include "base/check.h"
#include "base/numbers.h"

namespace youtu {

namespace {

// In the order of the enumeration. Sources: safetensors README, ggml's ggml-common.h.
constexpr std::array<DTypeInfo, kNumDTypes> kInfo = {{
    {"F32", 1, 4},      {"F16", 1, 2},         {"BF16", 1, 2},        {"F64", 1, 8},
    {"I8", 1, 1},       {"I16", 1, 2},         {"I32", 1, 4},         {"I64", 1, 8},
    {"U8", 1, 1},       {"U16", 1, 2},         {"U32", 1, 4},         {"U64", 1, 8},
    {"BOOL", 1, 1},     {"C64", 1, 8},         {"F8_E4M3", 1, 1},     {"F8_E5M2", 1, 1},
    {"F8_E8M0", 1, 1},  {"F8_E4M3FNUZ", 1, 1}, {"F8_E5M2FNUZ", 1, 1}, {"F6_E2M3", 4, 3},
    {"F6_E3M2", 4, 3},  {"F4", 2, 1},          {"Q4_0", 32, 18},      {"Q4_1", 32, 20},
    {"Q5_0", 32, 22},   {"Q5_1", 32, 24},      {"Q8_0", 32, 34},      {"Q2_K", 256, 84},
    {"Q3_K", 256, 110}, {"Q4_K", 256, 144},    {"Q5_K", 256, 176},    {"Q6_K", 256, 210},
    {"IQ4_NL", 32, 18}, {"IQ4_XS", 256, 136},  {"MXFP4", 32, 17},
}};

}  // namespace

const DTypeInfo& dtype_info(DType dtype) {
  const auto index = static_cast<size_t>(dtype);
  CHECK(index < kInfo.size());
  return kInfo[index];
}

std::optional<DType> find_dtype(std::string_view name) {
  for (size_t i = 0; i < kInfo.size(); ++i) {
    if (kInfo[i].name == name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

std::optional<int64_t> dtype_bytes(DType dtype, int64_t num_values) {
  const DTypeInfo& info = dtype_info(dtype);
  if (num_values < 0 || num_values % info.block_values != 0) return std::nullopt;
  return checked_mul<int64_t>(num_values / info.block_values, info.block_bytes);
}

}  // namespace youtu
