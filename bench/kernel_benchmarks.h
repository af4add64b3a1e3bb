// The micro-benchmarks of the kernel tables: every kernel of every table that this machine can run,
// on one thread, with the shapes of Youtu-LLM-2B. Each function registers those of its file, named
// "<kernel>/<table>/<shape>".
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "backend/cpu/kernels.h"

namespace youtu {

// Of the 2B model (docs/glossary.md).
inline constexpr int32_t kHidden = 2048, kIntermediate = 6144, kQueryRank = 1536, kLatent = 512,
                         kRope = 64, kNope = 128, kValue = 128, kHeads = 16;

void register_linear_benchmarks(const CpuKernels& kernels);
void register_packed_benchmarks(const CpuKernels& kernels);
void register_attention_benchmarks(const CpuKernels& kernels);
void register_bf16_benchmarks(const CpuKernels& kernels);  // where a table has such kernels
void register_latent_benchmarks(const CpuKernels& kernels);
void register_row_benchmarks(const CpuKernels& kernels);

// Memory that begins with a cache line, as that of a backend does.
template <typename T>
struct LineAllocator {
  using value_type = T;
  static constexpr std::align_val_t kLine{64};
  LineAllocator() = default;
  template <typename U>
  LineAllocator(const LineAllocator<U>&) {}
  T* allocate(size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kLine)); }
  void deallocate(T* p, size_t) { ::operator delete(p, kLine); }
  bool operator==(const LineAllocator&) const = default;
};
template <typename T>
using AlignedVector = std::vector<T, LineAllocator<T>>;

inline std::vector<float> random_floats(size_t n) {
  std::mt19937 rng(1);
  std::normal_distribution<float> normal(0.0f, 1.0f);
  std::vector<float> values(n);
  for (float& value : values) value = normal(rng);
  return values;
}

inline std::string benchmark_name(const std::string& kernel, const CpuKernels& kernels,
                                  const std::string& shape) {
  return kernel + "/" + kernels.name + "/" + shape;
}

}  // namespace youtu
