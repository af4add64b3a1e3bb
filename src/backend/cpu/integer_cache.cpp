// The 8-bit latent cache: tokens go in one by one, and come out widened for the expanded form.

#include <algorithm>
#include <cstring>
#include <numeric>

#include "backend/cpu/attention_shape.h"
#include "backend/cpu/cpu_backend.h"
#include "base/numbers.h"

namespace youtu {

void CpuBackend::store_integers(const float* latent, int32_t slot, const LatentLayer& cache,
                                int worker) {
  const int32_t latent_dim = cache.latent_dim, rope = cache.rope_dim;
  auto* words = reinterpret_cast<int16_t*>(worker_scratch(worker));  // [max(L, R)]
  const int64_t lane = slot % kBlockSize;
  uint8_t* block = cache.block(slot / kBlockSize);
  float scales[2];
  scales[0] = kernels_.latent.quantize(latent, latent_dim, kLatentLimit, words);
  std::fill(words + latent_dim, words + cache.padded_latent_dim(), int16_t{0});
  for (int32_t d = 0; d < cache.padded_latent_dim(); d += 4) {
    uint32_t quad = 0;
    for (int32_t i = 0; i < 4; ++i) {
      quad |= static_cast<uint32_t>(words[d + i] + kLatentZero) << (8 * i);
    }
    std::memcpy(block + d / 4 * kLineBytes + 4 * lane, &quad, sizeof(quad));
  }
  scales[1] = kernels_.latent.quantize(latent + latent_dim, rope, kRopeLimit, words);
  for (int32_t d = 0; d < rope; d += 2) {
    std::memcpy(block + cache.rope_offset() + d / 2 * kLineBytes + 4 * lane, words + d, 4);
  }
  for (int64_t i = 0; i < 2; ++i) {
    std::memcpy(block + cache.scales_offset() + 4 * (kBlockSize * i + lane), &scales[i], 4);
  }
}

// The latent of a position as it lies in the cache: rounded once, when it was stored.
void CpuBackend::copy_rounded_latent(const LatentLayer& cache, const SequenceSlice& sequence,
                                     int32_t position, int32_t row, const RoundedRows& to) const {
  const int32_t blocks = div_ceil(cache.latent_dim, int32_t{kActivationBlock});
  const uint8_t* block = block_at(cache, sequence, position);
  const int64_t lane = position % kBlockSize, first = int64_t{row} * blocks;
  int8_t* values = to.whole.values + row * to.whole.stride;
  // A byte less the zero point is the byte with its first bit turned over; those beyond the latent
  // are the zero point.
  constexpr uint32_t kZeros = 0x01010101u * kLatentZero;
  const int32_t padded = cache.padded_latent_dim();
  for (int32_t d = 0; d < padded; d += 4) {
    uint32_t quad;
    std::memcpy(&quad, block + d / 4 * kLineBytes + 4 * lane, sizeof(quad));
    quad ^= kZeros;
    std::memcpy(values + d, &quad, sizeof(quad));
  }
  std::memset(values + padded, 0, static_cast<size_t>(blocks * kActivationBlock - padded));
  float scale;
  std::memcpy(&scale, block + cache.scales_offset() + 4 * lane, 4);
  std::fill_n(to.whole.scales + first, blocks, scale);
  // Of 32 values each, then of 64, then of 128.
  int32_t* sums = to.whole.sums + first * 7;
  for (int32_t k = 0; k < blocks * kActivationBlock; k += 32) {
    *sums++ = std::accumulate(values + k, values + k + 32, 0);
  }
  for (int32_t count = blocks * 2; count >= blocks; count /= 2) {
    const int32_t* halves = sums - 2 * count;
    for (int32_t i = 0; i < count; ++i) *sums++ = halves[2 * i] + halves[2 * i + 1];
  }
}

// The latent and the rope key of a position, [L + R].
void CpuBackend::widen_latent(const LatentLayer& cache, const SequenceSlice& sequence,
                              int32_t position, float* out) const {
  const uint8_t* block = block_at(cache, sequence, position);
  const int64_t lane = position % kBlockSize;
  float scale;
  std::memcpy(&scale, block + cache.scales_offset() + 4 * lane, 4);
  for (int32_t d = 0; d < cache.latent_dim; ++d) {
    const int32_t value = block[d / 4 * kLineBytes + 4 * lane + d % 4] - kLatentZero;
    out[d] = static_cast<float>(value) * scale;
  }
  widen_rope(cache, sequence, position, out + cache.latent_dim);
}

// The rope key of a position, [R].
void CpuBackend::widen_rope(const LatentLayer& cache, const SequenceSlice& sequence,
                            int32_t position, float* out) const {
  const uint8_t* block = block_at(cache, sequence, position);
  const int64_t lane = position % kBlockSize;
  float scale;
  std::memcpy(&scale, block + cache.scales_offset() + 4 * (kBlockSize + lane), 4);
  for (int32_t d = 0; d < cache.rope_dim; ++d) {
    int16_t word;
    std::memcpy(&word, block + cache.rope_offset() + d / 2 * kLineBytes + 4 * lane + d % 2 * 2, 2);
    out[d] = static_cast<float>(word) * scale;
  }
}

// A token's lane of a block becomes that of another.
void CpuBackend::copy_integers(const LatentLayer& cache, const LatentMove& move) const {
  const int64_t from_lane = move.from_slot % kBlockSize, to_lane = move.to_slot % kBlockSize;
  const uint8_t* from = cache.block(move.from_slot / kBlockSize) + 4 * from_lane;
  uint8_t* to = cache.block(move.to_slot / kBlockSize) + 4 * to_lane;
  // Quads of latents, pairs of rope words and the two scales: 4 bytes each, a line apart.
  for (int64_t line = 0; line < cache.block_bytes(); line += kLineBytes) {
    std::memcpy(to + line, from + line, 4);
  }
}

// The rope key of a slot is widened, turned and rounded again. `key` [2 R] is scratch.
void CpuBackend::turn_integers(const LatentLayer& cache, int32_t slot, const RopeTable& turn,
                               float* key) const {
  const int32_t rope = cache.rope_dim;
  auto* words = reinterpret_cast<int16_t*>(key + rope);
  const int64_t lane = slot % kBlockSize;
  uint8_t* block = cache.block(slot / kBlockSize);
  uint8_t* pairs = block + cache.rope_offset() + 4 * lane;
  uint8_t* scale_at = block + cache.scales_offset() + 4 * (kBlockSize + lane);
  float scale;
  std::memcpy(&scale, scale_at, sizeof(scale));
  for (int32_t d = 0; d < rope; d += 2) std::memcpy(words + d, pairs + d / 2 * kLineBytes, 4);
  for (int32_t d = 0; d < rope; ++d) key[d] = static_cast<float>(words[d]) * scale;
  rotate(turn, 0, key);
  scale = kernels_.latent.quantize(key, rope, kRopeLimit, words);
  for (int32_t d = 0; d < rope; d += 2) std::memcpy(pairs + d / 2 * kLineBytes, words + d, 4);
  std::memcpy(scale_at, &scale, sizeof(scale));
}

}  // namespace youtu
