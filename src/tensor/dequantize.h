// Stored values as floats, for every type of tensor/dtype.h that holds weights. Written from the
// byte tables of the formats, one value at a time: this is the reference that faster versions are
// tested against.
#pragma once

#include <cstdint>

#include "tensor/dtype.h"

namespace youtu {

// F32, F16, BF16 and GGUF's block types. The others occur in files but hold no weights that we
// read.
bool can_dequantize(DType dtype);

// REQUIRES: can_dequantize(dtype); num_values is a whole number of blocks; `blocks` has
// dtype_bytes() bytes, of any alignment.
void dequantize(DType dtype, const uint8_t* blocks, int64_t num_values, float* out);

}  // namespace youtu
