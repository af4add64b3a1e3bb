// The table for AVX-512 (F, BW, DQ, VL). All but the table itself is in an anonymous namespace; see
// kernels.h.

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "backend/cpu/kernels.h"

namespace {

struct V {
  static constexpr int32_t kWidth = 16;
  static constexpr int32_t kTileRows = 4;
  static constexpr int32_t kTileTokens = 4;
  using Reg = __m512;

  static __mmask16 first(int32_t n) { return static_cast<__mmask16>((1u << n) - 1u); }

  static Reg zero() { return _mm512_setzero_ps(); }
  static Reg broadcast(float value) { return _mm512_set1_ps(value); }
  static Reg load(const float* p) { return _mm512_loadu_ps(p); }
  static Reg load_partial(const float* p, int32_t n) { return _mm512_maskz_loadu_ps(first(n), p); }
  static void store(float* p, Reg r) { _mm512_storeu_ps(p, r); }
  static void store_partial(float* p, Reg r, int32_t n) { _mm512_mask_storeu_ps(p, first(n), r); }

  static Reg add(Reg a, Reg b) { return _mm512_add_ps(a, b); }
  static Reg sub(Reg a, Reg b) { return _mm512_sub_ps(a, b); }
  static Reg mul(Reg a, Reg b) { return _mm512_mul_ps(a, b); }
  static Reg div(Reg a, Reg b) { return _mm512_div_ps(a, b); }
  static Reg max(Reg a, Reg b) { return _mm512_max_ps(a, b); }
  static Reg min(Reg a, Reg b) { return _mm512_min_ps(a, b); }
  static Reg fma(Reg a, Reg b, Reg c) { return _mm512_fmadd_ps(a, b, c); }
  static float reduce_add(Reg r) { return _mm512_reduce_add_ps(r); }
  static float reduce_max(Reg r) { return _mm512_reduce_max_ps(r); }
  static Reg round(Reg r) {
    return _mm512_roundscale_ps(r, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Reg pow2(Reg r) {
    const __m512i exponent = _mm512_add_epi32(_mm512_cvtps_epi32(r), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(exponent, 23));
  }

  static Reg widen_bf16(__m256i halves) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
  }
  static Reg from_bf16(const uint16_t* p) {
    return widen_bf16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static Reg from_bf16_partial(const uint16_t* p, int32_t n) {
    return widen_bf16(_mm256_maskz_loadu_epi16(first(n), p));
  }
  static Reg from_f16(const uint16_t* p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static Reg from_f16_partial(const uint16_t* p, int32_t n) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(first(n), p));
  }
  static Reg from_i8(const uint8_t* p) {
    return _mm512_cvtepi32_ps(
        _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
  }
  static Reg from_nibbles(const uint8_t* p, bool high) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    if (high) bytes = _mm_srli_epi16(bytes, 4);
    const __m128i nibbles = _mm_and_si128(bytes, _mm_set1_epi8(15));
    return _mm512_cvtepi32_ps(
        _mm512_sub_epi32(_mm512_cvtepu8_epi32(nibbles), _mm512_set1_epi32(8)));
  }
  static void to_bf16(uint16_t* p, Reg r) {
    const __m512i bits = _mm512_castps_si512(r);
    const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i rounded =
        _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    // Rounding must not turn a NaN into an infinity.
    const __mmask16 nan = _mm512_cmp_ps_mask(r, r, _CMP_UNORD_Q);
    const __m512i kept = _mm512_mask_or_epi32(rounded, nan, bits, _mm512_set1_epi32(0x400000));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p),
                        _mm512_cvtepi32_epi16(_mm512_srli_epi32(kept, 16)));
  }
};

#include "backend/cpu/simd_kernels.inc"

}  // namespace

extern const CpuKernels kAvx512Kernels;
const CpuKernels kAvx512Kernels = YOUTU_KERNEL_TABLE("avx512");
