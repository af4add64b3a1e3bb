// Rows of the latent cache get other slots, and with them other positions: the latent is copied,
// the rope key is turned on.

#include <algorithm>
#include <cstring>

#include "backend/cpu/cpu_backend.h"
#include "base/numbers.h"

namespace youtu {

void CpuBackend::move_latents(std::span<const LatentMove> moves, const RopeTable* turn,
                              const LatentLayer& cache) {
  constexpr size_t kRowsPerTask = kBlockSize;
  const bool has_integers = cache.dtype == CacheDType::kInt8;
  pool_.parallel_for(
      static_cast<int>(div_ceil(moves.size(), kRowsPerTask)), [&](int task, int worker) {
        const auto rest = moves.subspan(static_cast<size_t>(task) * kRowsPerTask);
        float* key = worker_scratch(worker);
        for (const LatentMove& move : rest.first(std::min(rest.size(), kRowsPerTask))) {
          if (has_integers) {
            copy_integers(cache, move);
            if (turn != nullptr) turn_integers(cache, move.to_slot, *turn, key);
          } else {
            std::memcpy(cache.slot(move.to_slot), cache.slot(move.from_slot),
                        static_cast<size_t>(cache.slot_bytes()));
            if (turn != nullptr) turn_slot(cache, move.to_slot, *turn, key);
          }
        }
      });
}

// `key` [R] is scratch.
void CpuBackend::turn_slot(const LatentLayer& cache, int32_t slot, const RopeTable& turn,
                           float* key) const {
  if (cache.dtype == CacheDType::kF32) {
    rotate(turn, 0, reinterpret_cast<float*>(cache.slot(slot)) + cache.latent_dim);
    return;
  }
  uint16_t* stored = reinterpret_cast<uint16_t*>(cache.slot(slot)) + cache.latent_dim;
  kernels_.bf16_to_f32(stored, cache.rope_dim, key);
  rotate(turn, 0, key);
  kernels_.f32_to_bf16(key, cache.rope_dim, stored);
}

}  // namespace youtu
