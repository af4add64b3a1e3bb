#include "tensor/dtype.h"

#include <array>

#include "base/check.h"

namespace youtu {

const DTypeInfo& dtype_info(DType dtype) {
  // In the order of the enumeration. Sources: safetensors README, ggml's ggml-common.h.
  static constexpr std::array<DTypeInfo, 22> kInfo = {{
      {"F32", 1, 4},      {"F16", 1, 2},      {"BF16", 1, 2},     {"F64", 1, 8},      {"I8", 1, 1},
      {"I16", 1, 2},      {"I32", 1, 4},      {"I64", 1, 8},      {"U8", 1, 1},       {"Q4_0", 32, 18},
      {"Q4_1", 32, 20},   {"Q5_0", 32, 22},   {"Q5_1", 32, 24},   {"Q8_0", 32, 34},   {"Q2_K", 256, 84},
      {"Q3_K", 256, 110}, {"Q4_K", 256, 144}, {"Q5_K", 256, 176}, {"Q6_K", 256, 210}, {"IQ4_NL", 32, 18},
      {"IQ4_XS", 256, 136}, {"MXFP4", 32, 17},
  }};
  const auto index = static_cast<size_t>(dtype);
  CHECK(index < kInfo.size());
  return kInfo[index];
}

}  // namespace youtu
