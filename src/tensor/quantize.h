// Floats as Q8_0 and Q4_0 blocks, rounded as ggml's reference does it. Simple and exact rather than
// fast.
#pragma once

#include <cstdint>

namespace youtu {

// REQUIRES: num_values is a multiple of 32, all values are finite; `blocks` has room for
// dtype_bytes().
void quantize_q8_0(const float* values, int64_t num_values, uint8_t* blocks);
void quantize_q4_0(const float* values, int64_t num_values, uint8_t* blocks);

}  // namespace youtu
