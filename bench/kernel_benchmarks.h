// The micro-benchmarks of the kernel tables: every kernel of every table that this machine can run,
// on one thread, with the shapes of Youtu-LLM-2B. Each function registers those of its file, named
// "<kernel>/<table>/<shape>".
#pragma once

#include <cstdint>
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
void register_latent_benchmarks(const CpuKernels& kernels);
void register_row_benchmarks(const CpuKernels& kernels);

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
