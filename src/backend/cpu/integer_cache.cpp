// The 8-bit latent cache: tokens go in one by one, and come out widened for the expanded form.

#include <algorithm>
#include <cstring>
#include <numeric>

#include "backend/cpu/attention_shape.h"
#include "backend/cpu/cpu_backend.h"
#include "base/numbers.h"

namespace youtu {

void CpuBackend::store_integers(Activation latents, const LatentLayer& cache) {
  const int32_t latent = cache.latent_dim, rope = cache.rope_dim;
  pool_.parallel_for(div_ceil(latents.rows, kBlockSize), [&](int task, int worker) {
    auto* words = reinterpret_cast<int16_t*>(worker_scratch(worker));  // [max(L, R)]
    for (int32_t t = task * kBlockSize; t < std::min((task + 1) * kBlockSize, latents.rows); ++t) {
      const int32_t slot = batch_->slot_mapping[static_cast<size_t>(t)];
      const int64_t lane = slot % kBlockSize;
      uint8_t* block = cache.block(slot / kBlockSize);
      float scales[2];
      scales[0] = kernels_.latent.quantize(latents.row(t), latent, kLatentLimit, words);
      for (int32_t d = 0; d < cache.padded_latent_dim(); ++d) {
        const int32_t value = (d < latent ? words[d] : 0) + kLatentZero;
        block[d / 4 * kLineBytes + 4 * lane + d % 4] = static_cast<uint8_t>(value);
      }
      scales[1] = kernels_.latent.quantize(latents.row(t) + latent, rope, kRopeLimit, words);
      for (int32_t d = 0; d < rope; d += 2) {
        std::memcpy(block + cache.rope_offset() + d / 2 * kLineBytes + 4 * lane, words + d, 4);
      }
      for (int64_t i = 0; i < 2; ++i) {
        std::memcpy(block + cache.scales_offset() + 4 * (kBlockSize * i + lane), &scales[i], 4);
      }
    }
  });
}

// The latent of a position as it lies in the cache: rounded once, when it was stored.
void CpuBackend::copy_rounded_latent(const LatentLayer& cache, const SequenceSlice& sequence,
                                     int32_t position, int32_t row, const RoundedRows& to) const {
  const int32_t latent = cache.latent_dim;
  const int32_t blocks = div_ceil(latent, int32_t{kActivationBlock});
  const uint8_t* block = block_at(cache, sequence, position);
  const int64_t lane = position % kBlockSize, first = int64_t{row} * blocks;
  int8_t* values = to.values + first * kActivationBlock;
  std::memset(values, 0, static_cast<size_t>(blocks) * kActivationBlock);
  for (int32_t d = 0; d < latent; ++d) {
    values[d] = static_cast<int8_t>(block[d / 4 * kLineBytes + 4 * lane + d % 4] - kLatentZero);
  }
  float scale;
  std::memcpy(&scale, block + cache.scales_offset() + 4 * lane, 4);
  std::fill_n(to.scales + first, blocks, scale);
  int32_t* sums = to.sums + first * 7;
  for (int32_t run = 32; run <= kActivationBlock; run *= 2) {
    for (int32_t k = 0; k < blocks * kActivationBlock; k += run) {
      *sums++ = std::accumulate(values + k, values + k + run, 0);
    }
  }
}

// The latent and the rope key of a position, [L + R].
void CpuBackend::widen_latent(const LatentLayer& cache, const SequenceSlice& sequence,
                              int32_t position, float* out) const {
  const uint8_t* block = block_at(cache, sequence, position);
  const int64_t lane = position % kBlockSize;
  float scales[2];
  for (int64_t i = 0; i < 2; ++i) {
    std::memcpy(&scales[i], block + cache.scales_offset() + 4 * (kBlockSize * i + lane), 4);
  }
  for (int32_t d = 0; d < cache.latent_dim; ++d) {
    const int32_t value = block[d / 4 * kLineBytes + 4 * lane + d % 4] - kLatentZero;
    out[d] = static_cast<float>(value) * scales[0];
  }
  for (int32_t d = 0; d < cache.rope_dim; ++d) {
    int16_t word;
    std::memcpy(&word, block + cache.rope_offset() + d / 2 * kLineBytes + 4 * lane + d % 2 * 2, 2);
    out[cache.latent_dim + d] = static_cast<float>(word) * scales[1];
  }
}

}  // namespace youtu
