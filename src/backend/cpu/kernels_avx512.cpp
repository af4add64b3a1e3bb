// The table for AVX-512 (F, BW, DQ, VL). All but the table itself is in an anonymous namespace; see
// kernels.h.

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "backend/cpu/kernels.h"

namespace {

#include "backend/cpu/simd_avx512.inc"
#include "backend/cpu/simd_kernels.inc"

// Pairs of products are at most 2 * 15 * 127, so 16 bits hold the eight of 32 values of k.
struct Dot : IntegerLanes {
  static constexpr int kRegs = 2;
  static constexpr int kTokens = 8;
  static constexpr int kManyTokens = 6;
  static constexpr int kRows = 8;
  static constexpr int kValueRows = 6;
  static constexpr bool kIsWide = false;
  static Int dot(Int sum, Int w, Int x) {
    sum = _mm512_add_epi16(sum, _mm512_maddubs_epi16(w, x));
    // Keeps the compiler from making all products first and adding them up later, from memory:
    // three times slower.
    __asm__("" : "+v"(sum));
    return sum;
  }
  static Int madd(Int sum, Int a, Int b) { return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b)); }
  static Int settle(Int sum) { return _mm512_madd_epi16(sum, _mm512_set1_epi16(1)); }
  static Int settle16(Int sum) { return _mm512_madd_epi16(sum, _mm512_set1_epi16(16)); }
};

#include "backend/cpu/latent_kernels.inc"
#include "backend/cpu/packed_kernels.inc"

}  // namespace

extern const CpuKernels kAvx512Kernels;
const CpuKernels kAvx512Kernels = YOUTU_KERNEL_TABLE("avx512", packed_linear, peak_int8);
