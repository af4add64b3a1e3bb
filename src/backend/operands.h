// What the operations of a backend take. Shape letters: T tokens of the step, N heads, P
// qk_nope_head_dim, R qk_rope_head_dim, V v_head_dim, L kv_lora_rank (docs/glossary.md).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "backend/batch_view.h"
#include "backend/buffer.h"
#include "tensor/dtype.h"
#include "tensor/packed.h"

namespace youtu {

// Rows of F32 values in a backend's memory; a view.
struct Activation {
  float* data = nullptr;
  int32_t rows = 0;
  int32_t cols = 0;
  int64_t stride = 0;  // values from one row to the next; >= cols

  float* row(int64_t i) const { return data + i * stride; }
  Activation first_rows(int32_t n) const { return {data, n, cols, stride}; }
};

// To how many bits products with packed weights round their other factor, the activations.
enum class InputBits : uint8_t { k8, k16 };

// A matrix [rows, cols], or a vector with one row, as a backend prepared it. Owns its bytes.
struct Weight {
  DType dtype = DType::kF32;
  int32_t rows = 0;
  int32_t cols = 0;
  int64_t row_bytes = 0;
  // The bytes are panels of this format (tensor/packed.h) instead of rows of `dtype`.
  std::optional<PackedFormat> packed;
  InputBits input_bits = InputBits::k8;  // if it is packed
  Buffer bytes;

  bool empty() const { return bytes.size() == 0; }
};

// Columns that share a maximum.
inline constexpr int32_t kMaximaColumns = 64;

// A matrix product of rows x: out = x weight^T.
struct Projection {
  const Weight* weight = nullptr;
  Activation out;
  // Where there is room for them, [rows of out, ceil(cols of out / kMaximaColumns)]: the largest of
  // so many columns of a row, NaN where one of these is NaN or infinite.
  Activation maxima = {};
};

// cos and sin of the step's positions, [T, R/2] each.
struct RopeTable {
  const float* cos = nullptr;
  const float* sin = nullptr;
  int32_t rotary_dim = 0;   // R
  bool interleaved = true;  // adjacent pairs; otherwise the two halves
};

enum class CacheDType : uint8_t { kF32, kBF16, kInt8 };

// One layer of the latent cache, in blocks of kBlockSize tokens.
//
// kF32 and kBF16: slots of L + R values, the normalised latent first, then the rotated rope key.
// kInt8: the values of a block's tokens lie interleaved (docs/attention.md): latents as
// [L/4][16 tokens][4] bytes, rope keys as [R/2][16 tokens][2] 16-bit words, then a scale of each
// token's latent and one of its rope key, F32 [16] each.
struct LatentLayer {
  uint8_t* data = nullptr;
  CacheDType dtype = CacheDType::kF32;
  int32_t latent_dim = 0;  // L
  int32_t rope_dim = 0;    // R

  // The latent's bytes of a token of a kInt8 block: L, in whole quads.
  int32_t padded_latent_dim() const { return (latent_dim + 3) / 4 * 4; }
  int64_t rope_offset() const { return int64_t{kBlockSize} * padded_latent_dim(); }
  int64_t scales_offset() const { return rope_offset() + int64_t{kBlockSize} * rope_dim * 2; }
  int64_t slot_bytes() const {
    return (int64_t{latent_dim} + rope_dim) * (dtype == CacheDType::kF32 ? 4 : 2);
  }
  int64_t block_bytes() const {
    if (dtype != CacheDType::kInt8) return kBlockSize * slot_bytes();
    return scales_offset() + int64_t{kBlockSize} * 2 * static_cast<int64_t>(sizeof(float));
  }

  uint8_t* block(int64_t id) const { return data + id * block_bytes(); }
  // Not of a kInt8 layer.
  uint8_t* slot(int64_t index) const { return data + index * slot_bytes(); }
};

// What the tokens of a step bring to attention, not yet at their positions. Both are overwritten.
struct FreshTokens {
  RopeTable rope;
  Activation q;  // [T, N * (P + R)]
  int32_t num_heads = 0;
  Activation latents;            // [T, L + R]
  const Weight* gain = nullptr;  // [L], of the latents' norm
  float eps = 0;                 // likewise
  LatentLayer cache;
};

// How a sequence's attention is computed in a step.
enum class AttentionForm : uint8_t { kAbsorbed, kExpanded };

struct MlaAttention {
  const Weight* k_b = nullptr;  // [N * L, P]: of head n, row l holds what latent l adds to k_nope
  const Weight* v_b = nullptr;  // [N * V, L]
  // [N * P, L], the same as k_b the other way round, packed. Empty or nullptr: keys are expanded
  // with k_b, in F32.
  const Weight* k_up = nullptr;
  int32_t num_heads = 0;
  int32_t nope_dim = 0;
  int32_t v_dim = 0;
  float scale = 0;
  LatentLayer cache;
  Activation q;                          // [T, N * (P + R)], rope already applied
  Activation out;                        // [T, N * V]
  std::span<const AttentionForm> forms;  // [S]
};

}  // namespace youtu
