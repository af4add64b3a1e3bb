// The table for AVX2 with FMA and F16C. All but the table itself is in an anonymous namespace; see
// kernels.h.

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#include "backend/cpu/kernels.h"

namespace {

struct V {
  static constexpr int32_t kWidth = 8;
  static constexpr int32_t kTileRows = 2;
  static constexpr int32_t kTileTokens = 4;
  using Reg = __m256;

  static Reg zero() { return _mm256_setzero_ps(); }
  static Reg broadcast(float value) { return _mm256_set1_ps(value); }
  static Reg load(const float* p) { return _mm256_loadu_ps(p); }
  static __m256i first(int32_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static Reg load_partial(const float* p, int32_t n) { return _mm256_maskload_ps(p, first(n)); }
  static void store(float* p, Reg r) { _mm256_storeu_ps(p, r); }
  static void store_partial(float* p, Reg r, int32_t n) { _mm256_maskstore_ps(p, first(n), r); }

  static Reg add(Reg a, Reg b) { return _mm256_add_ps(a, b); }
  static Reg sub(Reg a, Reg b) { return _mm256_sub_ps(a, b); }
  static Reg mul(Reg a, Reg b) { return _mm256_mul_ps(a, b); }
  static Reg div(Reg a, Reg b) { return _mm256_div_ps(a, b); }
  static Reg max(Reg a, Reg b) { return _mm256_max_ps(a, b); }
  static Reg min(Reg a, Reg b) { return _mm256_min_ps(a, b); }
  static Reg fma(Reg a, Reg b, Reg c) { return _mm256_fmadd_ps(a, b, c); }
  static float reduce_add(Reg r) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(r), _mm256_extractf128_ps(r, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
  }
  static float reduce_max(Reg r) {
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(r), _mm256_extractf128_ps(r, 1));
    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
  }
  static Reg round(Reg r) {
    return _mm256_round_ps(r, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Reg pow2(Reg r) {
    const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(r), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
  }

  // Partial loads of 16-bit values go by way of a buffer, so as not to read past the end of a row.
  static __m128i load_halves(const uint16_t* p, int32_t n) {
    uint16_t values[8] = {};
    memcpy(values, p, 2 * static_cast<size_t>(n));
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(values));
  }
  static Reg widen_bf16(__m128i halves) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
  }
  static Reg from_bf16(const uint16_t* p) {
    return widen_bf16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static Reg from_bf16_partial(const uint16_t* p, int32_t n) {
    return widen_bf16(load_halves(p, n));
  }
  static Reg from_f16(const uint16_t* p) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static Reg from_f16_partial(const uint16_t* p, int32_t n) {
    return _mm256_cvtph_ps(load_halves(p, n));
  }
  static Reg from_i8(const uint8_t* p) {
    return _mm256_cvtepi32_ps(
        _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
  }
  static Reg from_nibbles(const uint8_t* p, bool high) {
    __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p));
    if (high) bytes = _mm_srli_epi16(bytes, 4);
    const __m128i nibbles = _mm_and_si128(bytes, _mm_set1_epi8(15));
    return _mm256_cvtepi32_ps(
        _mm256_sub_epi32(_mm256_cvtepu8_epi32(nibbles), _mm256_set1_epi32(8)));
  }
  static void to_bf16(uint16_t* p, Reg r) {
    const __m256i bits = _mm256_castps_si256(r);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i rounded =
        _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    // Rounding must not turn a NaN into an infinity.
    const __m256 nan = _mm256_cmp_ps(r, r, _CMP_UNORD_Q);
    const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
    const __m256i kept =
        _mm256_srli_epi32(_mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(rounded),
                                                               _mm256_castsi256_ps(quiet), nan)),
                          16);
    const __m128i packed =
        _mm_packus_epi32(_mm256_castsi256_si128(kept), _mm256_extracti128_si256(kept, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), packed);
  }
};

#include "backend/cpu/simd_kernels.inc"

}  // namespace

extern const CpuKernels kAvx2Kernels;
const CpuKernels kAvx2Kernels = YOUTU_KERNEL_TABLE("avx2");
