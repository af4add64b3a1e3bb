// The numbers by which GGUF files name tensor types.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tensor/dtype.h"

namespace youtu {

// Nothing for types that this program does not read.
std::optional<DType> dtype_of_ggml_type(uint32_t ggml_type);

// "IQ2_XXS", "36 (removed)", "1000 (unknown)": for messages.
std::string ggml_type_name(uint32_t ggml_type);

// "F32, F16, Q4_0, ...": the types that this program reads.
std::string supported_ggml_types();

}  // namespace youtu
