// The table for AVX2 with AVX-VNNI. All but the table itself is in an anonymous namespace; see
// kernels.h.

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "backend/cpu/kernels.h"

namespace {

#include "backend/cpu/simd_avx2.inc"
#include "backend/cpu/simd_kernels.inc"

struct Dot : IntegerLanes {
  static constexpr int kRegs = 2;
  static constexpr int kTokens = 4;
  static constexpr int kManyTokens = 3;
  static constexpr int kRows = 6;
  static constexpr int kValueRows = 6;
  static constexpr bool kIsWide = true;
  // As assembly: from the intrinsics, g++ 12 copies nearly every sum to another register and back.
  static Int dot(Int sum, Int w, Int x) {
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(w), "x"(x));
    return sum;
  }
  static Int madd(Int sum, Int a, Int b) {
    __asm__("%{vex%} vpdpwssd %2, %1, %0" : "+x"(sum) : "x"(a), "x"(b));
    return sum;
  }
  static Int settle(Int sum) { return sum; }
  static Int settle16(Int sum) { return _mm256_slli_epi32(sum, 4); }
};

#include "backend/cpu/latent_kernels.inc"
#include "backend/cpu/packed_kernels.inc"

}  // namespace

extern const CpuKernels kAvxVnniKernels;
const CpuKernels kAvxVnniKernels = YOUTU_KERNEL_TABLE("avxvnni", packed_linear, peak_int8);
