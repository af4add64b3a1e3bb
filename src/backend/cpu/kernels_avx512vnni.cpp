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
  static constexpr int kValueRows = 6;
  static constexpr bool kIsWide = true;
  // As assembly: from the intrinsics, g++ 12 copies nearly every sum to another register and back.
  static Int dot(Int sum, Int w, Int x) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(w), "v"(x));
    return sum;
  }
  static Int madd(Int sum, Int a, Int b) {
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
  }
  static Int settle(Int sum) { return sum; }
  static Int settle16(Int sum) { return _mm512_slli_epi32(sum, 4); }
};

#include "backend/cpu/latent_kernels.inc"
#include "backend/cpu/packed_kernels.inc"

}  // namespace

extern const CpuKernels kAvx512VnniKernels;
const CpuKernels kAvx512VnniKernels = YOUTU_KERNEL_TABLE("avx512vnni");
