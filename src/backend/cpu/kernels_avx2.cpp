// The table for AVX2 with FMA and F16C. All but the table itself is in an anonymous namespace; see
// kernels.h.

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "backend/cpu/kernels.h"

namespace {

#include "backend/cpu/simd_avx2.inc"
#include "backend/cpu/simd_kernels.inc"

// Pairs of products are at most 2 * 15 * 127, so 16 bits hold the eight of 32 values of k.
struct Dot : IntegerLanes {
  static constexpr int kRegs = 2;
  static constexpr int kTokens = 4;
  static constexpr int kManyTokens = 4;
  static constexpr int kRows = 5;
  static constexpr int kValueRows = 5;
  static constexpr bool kIsWide = false;
  static Int dot(Int sum, Int w, Int x) {
    sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(w, x));
    // Keeps the compiler from making all products first and adding them up later, from memory:
    // three times slower.
    __asm__("" : "+x"(sum));
    return sum;
  }
  // In assembly, because g++ 12 otherwise keeps two copies of each accumulator and spills them:
  // measured 14 instead of 22 multiply-adds a cycle.
  static Int madd(Int sum, Int a, Int b) {
    const Int product = _mm256_madd_epi16(a, b);
    asm("vpaddd %1, %0, %0" : "+x"(sum) : "x"(product));
    return sum;
  }
  static Int settle(Int sum) { return _mm256_madd_epi16(sum, _mm256_set1_epi16(1)); }
  static Int settle16(Int sum) { return _mm256_madd_epi16(sum, _mm256_set1_epi16(16)); }
};

#include "backend/cpu/latent_kernels.inc"
#include "backend/cpu/packed_kernels.inc"

}  // namespace

extern const CpuKernels kAvx2Kernels;
const CpuKernels kAvx2Kernels = YOUTU_KERNEL_TABLE("avx2", packed_linear, peak_int8);
