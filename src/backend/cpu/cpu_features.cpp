#include "backend/cpu/cpu_features.h"

#include <algorithm>
#include <chrono>
#include <string>

#ifdef YOUTU_X86_KERNELS
#include <cpuid.h>
#endif

extern const CpuKernels kScalarKernels;
#ifdef YOUTU_X86_KERNELS
extern const CpuKernels kAvx2Kernels;
extern const CpuKernels kAvxVnniKernels;
extern const CpuKernels kAvx512Kernels;
extern const CpuKernels kAvx512VnniKernels;
#endif

namespace youtu {

namespace {

std::string names(const std::vector<const CpuKernels*>& tables) {
  std::string list;
  for (const CpuKernels* table : tables)
    list += (list.empty() ? "" : ", ") + std::string(table->name);
  return list;
}

#ifdef YOUTU_X86_KERNELS
// __builtin_cpu_supports of g++ 12 does not know it: CPUID leaf 7, subleaf 1, EAX bit 4.
bool has_avx_vnni() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax >> 4 & 1) != 0;
}
#endif

// Seconds for a matrix product of the kind that a step consists of, small enough for the cache: the
// best of several.
double time_kernels(const CpuKernels& kernels) {
  constexpr int32_t kRows = 64, kCols = 1024, kTokens = 4;
  const std::vector<uint16_t> weights(static_cast<size_t>(kRows) * kCols, 0x3f80);
  const std::vector<float> x(static_cast<size_t>(kTokens) * kCols, 0.5f);
  std::vector<float> out(static_cast<size_t>(kTokens) * kRows);
  const LinearArgs args = {reinterpret_cast<const uint8_t*>(weights.data()),
                           kCols * 2,
                           kRows,
                           kCols,
                           kTokens,
                           x.data(),
                           kCols,
                           out.data(),
                           kRows,
                           false};
  double best = 1e9;
  for (int round = 0; round < 8; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 4; ++i) kernels.linear_bf16(&args);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    best = std::min(best, elapsed.count());
  }
  return best;
}

}  // namespace

std::vector<const CpuKernels*> supported_kernels() {
  std::vector<const CpuKernels*> tables;
#ifdef YOUTU_X86_KERNELS
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    if (__builtin_cpu_supports("avx512vnni")) tables.push_back(&kAvx512VnniKernels);
    tables.push_back(&kAvx512Kernels);
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    if (has_avx_vnni()) tables.push_back(&kAvxVnniKernels);
    tables.push_back(&kAvx2Kernels);
  }
#endif
  tables.push_back(&kScalarKernels);
  return tables;
}

Result<const CpuKernels*> select_kernels(std::string_view isa) {
  const std::vector<const CpuKernels*> tables = supported_kernels();
  if (!isa.empty()) {
    for (const CpuKernels* table : tables) {
      if (isa == table->name) return table;
    }
    return Status::invalid_argument("isa \"" + std::string(isa.substr(0, 32)) +
                                        "\" is not available here (" + names(tables) + ")",
                                    "isa");
  }
  // The scalar table is a specification and never the fastest.
  const CpuKernels* fastest = tables.front();
  double best = 1e9;
  for (size_t i = 0; i + 1 < tables.size(); ++i) {
    const double seconds = time_kernels(*tables[i]);
    if (seconds < best) {
      best = seconds;
      fastest = tables[i];
    }
  }
  return fastest;
}

}  // namespace youtu
