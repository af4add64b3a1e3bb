// The table for AVX-512 with VNNI. All but the table itself is in an anonymous namespace; see
// kernels.h.

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

}  // namespace

extern const CpuKernels kAvx512VnniKernels;
const CpuKernels kAvx512VnniKernels = YOUTU_KERNEL_TABLE("avx512vnni", packed_linear, peak_int8);
