// The table for AVX-512 with VNNI. All but the table itself is in an anonymous namespace; see
// kernels.h.

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "backend/cpu/kernels.h"

namespace {

#include "backend/cpu/simd_avx512.inc"
#include "backend/cpu/simd_kernels.inc"

struct Dot : IntegerLanes {
  static constexpr int kRegs = 2;
  static constexpr int kTokens = 8;
  static constexpr int kRows = 8;
  static constexpr bool kIsWide = true;
  static Int dot(Int sum, Int w, Int x) { return _mm512_dpbusd_epi32(sum, w, x); }
  static Int madd(Int sum, Int a, Int b) { return _mm512_dpwssd_epi32(sum, a, b); }
  static Int settle(Int sum) { return sum; }
  static Int settle16(Int sum) { return _mm512_slli_epi32(sum, 4); }
};

#include "backend/cpu/latent_kernels.inc"
#include "backend/cpu/packed_kernels.inc"

}  // namespace

extern const CpuKernels kAvx512VnniKernels;
const CpuKernels kAvx512VnniKernels = YOUTU_KERNEL_TABLE("avx512vnni");
