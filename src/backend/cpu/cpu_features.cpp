#include "backend/cpu/cpu_features.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "backend/kernel_tables.h"
#include "base/numbers.h"
#include "tensor/packed.h"

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

// The best of several times of a call, in seconds.
template <typename Call>
double best_time(const Call& call) {
  double best = 1e9;
  for (int round = 0; round < 8; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 4; ++i) call();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    best = std::min(best, elapsed.count());
  }
  return best;
}

// Products of the kinds that a step consists of, small enough for the cache: floats, and packed
// 4-bit weights for few tokens. Wider registers do not win everywhere: some processors run them at
// half the rate, or at a lower clock.
constexpr int32_t kTimedRows = 64, kTimedCols = 1024, kTimedTokens = 4;

double time_float_product(const CpuKernels& kernels) {
  const std::vector<uint16_t> weights(size_t{kTimedRows} * kTimedCols, 0x3f80);
  const std::vector<float> x(size_t{kTimedTokens} * kTimedCols, 0.5f);
  std::vector<float> out(size_t{kTimedTokens} * kTimedRows);
  const LinearArgs args = {reinterpret_cast<const uint8_t*>(weights.data()),
                           kTimedCols * 2,
                           kTimedRows,
                           kTimedCols,
                           kTimedTokens,
                           x.data(),
                           kTimedCols,
                           out.data(),
                           kTimedRows,
                           false};
  return best_time([&] { kernels.linear_bf16(&args); });
}

double time_packed_product(const CpuKernels& kernels) {
  constexpr int32_t kBlocks = kTimedCols / kActivationBlock;
  const PackedShape shape({.bits = 4, .group = 32}, kTimedRows, kTimedCols);
  std::vector<uint8_t> memory(static_cast<size_t>(shape.bytes()) + kPackedScratchBytes + 128);
  auto* scratch = reinterpret_cast<uint8_t*>(
      align_up<uintptr_t>(reinterpret_cast<uintptr_t>(memory.data()), 64));
  const std::vector<int8_t> x(size_t{kTimedTokens} * kTimedCols, 1);
  const std::vector<float> scales(size_t{kTimedTokens} * kBlocks, 1.0f);
  const std::vector<int32_t> sums(size_t{kTimedTokens} * kBlocks * 4, 32);
  std::vector<float> out(size_t{kTimedTokens} * kTimedRows);
  const PackedLinearArgs args = {
      .panels = scratch + kPackedScratchBytes,
      .panel_bytes = shape.panel_bytes,
      .num_rows = kTimedRows,
      .num_cols = kTimedCols,
      .bits = shape.format.bits,
      .group = shape.format.group,
      .has_min = shape.format.has_min,
      .x = {x.data(), kTimedCols, scales.data(), kBlocks, sums.data(), int64_t{4} * kBlocks},
      .num_tokens = kTimedTokens,
      .out = out.data(),
      .out_stride = kTimedRows,
      .accumulate = false,
      .scratch = scratch,
  };
  return best_time([&] { kernels.packed.linear(&args); });
}

double time_kernels(const CpuKernels& kernels) {
  return time_float_product(kernels) + time_packed_product(kernels);
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
  if (tables.size() <= 2) return fastest;
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

std::vector<std::string> known_kernel_tables() {
  std::vector<std::string> known;
#ifdef YOUTU_X86_KERNELS
  for (const CpuKernels* table :
       {&kAvx512VnniKernels, &kAvx512Kernels, &kAvxVnniKernels, &kAvx2Kernels}) {
    known.emplace_back(table->name);
  }
#endif
  known.emplace_back(kScalarKernels.name);
  return known;
}

std::vector<std::string> supported_kernel_tables() {
  std::vector<std::string> names;
  for (const CpuKernels* table : supported_kernels()) names.emplace_back(table->name);
  return names;
}

Result<std::string> choose_kernel_table(std::string_view isa) {
  const Result<const CpuKernels*> table = select_kernels(isa);
  if (!table) return table.status();
  return std::string((*table)->name);
}

}  // namespace youtu
