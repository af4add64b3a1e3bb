// The table for AMX with bytes and BF16, beside AVX-512 with VNNI. All but the table itself is in
// an anonymous namespace; see kernels.h.

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "backend/cpu/kernels.h"

namespace {

#include "backend/cpu/simd_avx512.inc"
#include "backend/cpu/simd_kernels.inc"

#include "backend/cpu/simd_avx512vnni.inc"

#include "backend/cpu/latent_kernels.inc"
#include "backend/cpu/packed_kernels.inc"

#include "backend/cpu/amx_tiles.inc"
#include "backend/cpu/tile_linear.inc"

#include "backend/cpu/tile_attention.inc"
#include "backend/cpu/tile_bf16.inc"

}  // namespace

extern const CpuKernels kAmxKernels;
const CpuKernels kAmxKernels = YOUTU_KERNEL_TABLE("amx", tile_linear, peak_tile_int8);
