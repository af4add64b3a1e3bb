// The bytes of GGUF's block types, field by field (ggml's src/ggml-common.h). Little-endian; no
// padding anywhere, so a block can be copied out of a file as it is.
#pragma once

#include <cstdint>

namespace youtu {

// Types of 32 values. Byte j of `qs` holds value j in its low four bits and value j + 16 in its
// high four.
struct BlockQ4_0 {
  uint16_t d;  // f16, like every uint16_t named d, m or dmin below
  uint8_t qs[16];
};
struct BlockQ4_1 {
  uint16_t d;
  uint16_t m;
  uint8_t qs[16];
};
struct BlockQ5_0 {
  uint16_t d;
  uint8_t qh[4];  // bit e is the fifth bit of value e
  uint8_t qs[16];
};
struct BlockQ5_1 {
  uint16_t d;
  uint16_t m;
  uint8_t qh[4];
  uint8_t qs[16];
};
struct BlockQ8_0 {
  uint16_t d;
  int8_t qs[32];
};
struct BlockIq4Nl {
  uint16_t d;
  uint8_t qs[16];  // indices into kIq4Values
};
struct BlockMxfp4 {
  uint8_t e;       // exponent, bias 127
  uint8_t qs[16];  // indices into kMxfp4Values
};

// Types of 256 values.
struct BlockQ2K {
  uint8_t scales[16];  // low four bits: scale; high four: minimum
  uint8_t qs[64];
  uint16_t d;
  uint16_t dmin;
};
struct BlockQ3K {
  uint8_t hmask[32];
  uint8_t qs[64];
  uint8_t scales[12];  // sixteen of six bits
  uint16_t d;
};
struct BlockQ4K {
  uint16_t d;
  uint16_t dmin;
  uint8_t scales[12];  // eight scales and eight minima of six bits
  uint8_t qs[128];
};
struct BlockQ5K {
  uint16_t d;
  uint16_t dmin;
  uint8_t scales[12];
  uint8_t qh[32];
  uint8_t qs[128];
};
struct BlockQ6K {
  uint8_t ql[128];
  uint8_t qh[64];
  int8_t scales[16];
  uint16_t d;
};
struct BlockIq4Xs {
  uint16_t d;
  uint16_t scales_h;
  uint8_t scales_l[4];
  uint8_t qs[128];
};

static_assert(sizeof(BlockQ4_0) == 18 && sizeof(BlockQ4_1) == 20 && sizeof(BlockQ5_0) == 22);
static_assert(sizeof(BlockQ5_1) == 24 && sizeof(BlockQ8_0) == 34 && sizeof(BlockIq4Nl) == 18);
static_assert(sizeof(BlockMxfp4) == 17 && sizeof(BlockQ2K) == 84 && sizeof(BlockQ3K) == 110);
static_assert(sizeof(BlockQ4K) == 144 && sizeof(BlockQ5K) == 176 && sizeof(BlockQ6K) == 210);
static_assert(sizeof(BlockIq4Xs) == 136);

// The sixteen levels of IQ4_NL and IQ4_XS.
inline constexpr int8_t kIq4Values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                          1,    13,   25,  38,  53,  69,  89,  113};
// Twice the values of an E2M1 float.
inline constexpr int8_t kMxfp4Values[16] = {0, 1,  2,  3,  4,  6,  8,  12,
                                            0, -1, -2, -3, -4, -6, -8, -12};

struct ScaleAndMin {
  float scale;
  float min;
};

// Pair s of eight in the twelve bytes that Q4_K and Q5_K share.
inline ScaleAndMin scale_and_min(const uint8_t* b, int s) {
  if (s < 4) return {static_cast<float>(b[s] & 63), static_cast<float>(b[s + 4] & 63)};
  return {static_cast<float>((b[s + 4] & 15) | ((b[s - 4] >> 6) << 4)),
          static_cast<float>((b[s + 4] >> 4) | ((b[s] >> 6) << 4))};
}

}  // namespace youtu
