// From values, or from blocks of GGUF types, to the levels of packed weights.
#pragma once

#include "tensor/dtype.h"
#include "tensor/packed.h"

namespace youtu {

// Rounds `values` [shape.cols] to levels. Scales are rounded to f16 first and levels chosen for
// what is stored. Symmetric 4-bit groups take, of several scales, the one with the smallest squared
// error. REQUIRES: finite values.
void round_to_levels(const PackedShape& shape, const float* values, const LevelRow& row);

// How a GGUF type is packed.
struct Repacking {
  PackedFormat format;
  // Levels are those of the file. Where the file's scales are products of two numbers (Q4_K, Q5_K,
  // IQ4_XS), these are rounded to f16. Otherwise values are rounded a second time, to eight bits.
  bool keeps_levels = true;
};

// Nothing for types that are not packed: plain ones, and MXFP4, whose scales leave the range of
// f16. False for Q2_K, Q3_K and Q6_K `keeps_levels`: their groups have 16 values.
std::optional<Repacking> find_repacking(DType dtype);

// The levels of a row of blocks. REQUIRES: find_repacking(dtype) keeps levels, and shape has its
// format.
void copy_levels(const PackedShape& shape, DType dtype, const uint8_t* blocks, const LevelRow& row);

}  // namespace youtu
