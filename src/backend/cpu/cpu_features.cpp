#include "backend/cpu/cpu_features.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "backend/kernel_tables.h"
#include "base/numbers.h"
#include "tensor/packed.h"

#ifdef YOUTU_X86_KERNELS
#include <cpuid.h>
#endif
#if defined(YOUTU_X86_KERNELS) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

extern const CpuKernels kScalarKernels;
#ifdef YOUTU_X86_KERNELS
extern const CpuKernels kAvx2Kernels;
extern const CpuKernels kAvxVnniKernels;
extern const CpuKernels kAvx512Kernels;
extern const CpuKernels kAvx512VnniKernels;
extern const CpuKernels kAmxKernels;
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

#ifdef YOUTU_X86_KERNELS
// CPUID leaf 7, EDX: bit 24 says tiles, bits 25 and 22 their products of bytes and BF16; subleaf 1,
// EAX, bit 5 BF16 in registers. The kernel saves tiles of those processes only that have asked for
// it once (Linux 5.16; Documentation/arch/x86/xstate.rst).
bool may_use_amx() {
#ifdef __linux__
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned kTiles = 1u << 24 | 1u << 25 | 1u << 22, kBf16 = 1u << 5;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0 || (edx & kTiles) != kTiles) {
    return false;
  }
  if (__get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) == 0 || (eax & kBf16) == 0) return false;
  static const bool is_permitted = syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  return is_permitted;
#else
  return false;
#endif
}
#endif

constexpr int kTimedRounds = 8, kTimedCalls = 4;

template <typename Call>
double seconds_of(const Call& call) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kTimedCalls; ++i) call();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Products of the kinds that a step consists of, small enough for the cache: floats, and packed
// 4-bit weights for few tokens.
class TimedProducts {
 public:
  double float_seconds(const CpuKernels& kernels) {
    const LinearArgs args = {reinterpret_cast<const uint8_t*>(float_weights_.data()),
                             kCols * 2,
                             kRows,
                             kCols,
                             kTokens,
                             x_.data(),
                             kCols,
                             out_.data(),
                             kRows,
                             false};
    return seconds_of([&] { kernels.linear_bf16(&args); });
  }

  double packed_seconds(const CpuKernels& kernels) {
    auto* scratch = reinterpret_cast<uint8_t*>(
        align_up<uintptr_t>(reinterpret_cast<uintptr_t>(memory_.data()), 64));
    const PackedLinearArgs args = {
        .panels = scratch + kPackedScratchBytes,
        .panel_bytes = shape_.panel_bytes,
        .num_rows = kRows,
        .num_cols = kCols,
        .bits = shape_.format.bits,
        .group = shape_.format.group,
        .has_min = shape_.format.has_min,
        .x = {rounded_.data(), kCols, scales_.data(), kBlocks, sums_.data(), int64_t{4} * kBlocks},
        .num_tokens = kTokens,
        .out = out_.data(),
        .out_stride = kRows,
        .accumulate = false,
        .reads_once = false,
        .scratch = scratch,
    };
    return seconds_of([&] { kernels.packed.linear(&args); });
  }

 private:
  static constexpr int32_t kRows = 64, kCols = 1024, kTokens = 4;
  static constexpr int32_t kBlocks = kCols / kActivationBlock;

  const PackedShape shape_{{.bits = 4, .group = 32}, kRows, kCols};
  const std::vector<uint16_t> float_weights_ = std::vector<uint16_t>(size_t{kRows} * kCols, 0x3f80);
  const std::vector<float> x_ = std::vector<float>(size_t{kTokens} * kCols, 0.5f);
  const std::vector<int8_t> rounded_ = std::vector<int8_t>(size_t{kTokens} * kCols, 1);
  const std::vector<float> scales_ = std::vector<float>(size_t{kTokens} * kBlocks, 1.0f);
  const std::vector<int32_t> sums_ = std::vector<int32_t>(size_t{kTokens} * kBlocks * 4, 32);
  std::vector<float> out_ = std::vector<float>(size_t{kTokens} * kRows);
  std::vector<uint8_t> memory_ =
      std::vector<uint8_t>(static_cast<size_t>(shape_.bytes()) + kPackedScratchBytes + 128);
};

struct BestTimes {
  double floats = 1e9;
  double packed = 1e9;
};

// In turns, since a processor that has just woken up, or has a neighbour, changes its pace.
std::vector<BestTimes> time_in_turns(std::span<const CpuKernels* const> tables) {
  TimedProducts products;
  std::vector<BestTimes> best(tables.size());
  for (int round = 0; round < kTimedRounds; ++round) {
    for (size_t i = 0; i < tables.size(); ++i) {
      best[i].floats = std::min(best[i].floats, products.float_seconds(*tables[i]));
      best[i].packed = std::min(best[i].packed, products.packed_seconds(*tables[i]));
    }
  }
  return best;
}

// Wider registers do not win everywhere: some processors run them at half the rate, or at a lower
// clock. The first, widest one stays unless another is clearly faster.
const CpuKernels* fastest_of(std::span<const CpuKernels* const> tables) {
  if (tables.size() == 1) return tables.front();
  const std::vector<BestTimes> times = time_in_turns(tables);
  size_t fastest = 0;
  double least = 0.95;
  for (size_t i = 1; i < tables.size(); ++i) {
    const double relative =
        (times[i].floats / times[0].floats + times[i].packed / times[0].packed) / 2;
    if (relative >= least) continue;
    least = relative;
    fastest = i;
  }
  return tables[fastest];
}

}  // namespace

std::vector<const CpuKernels*> supported_kernels() {
  std::vector<const CpuKernels*> tables;
#ifdef YOUTU_X86_KERNELS
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    if (__builtin_cpu_supports("avx512vnni")) {
      if (may_use_amx()) tables.push_back(&kAmxKernels);
      tables.push_back(&kAvx512VnniKernels);
    }
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

std::vector<const CpuKernels*> worthwhile_kernels(std::span<const CpuKernels* const> supported) {
  // [0] has everything that [1] has, and better instructions that multiply bytes.
  constexpr std::pair<std::string_view, std::string_view> kSuperseded[] = {
      {"amx", "avx512vnni"}, {"avx512vnni", "avx512"}, {"avxvnni", "avx2"}};
  const auto has = [&](std::string_view name) {
    return std::ranges::any_of(supported, [&](const CpuKernels* k) { return k->name == name; });
  };
  std::vector<const CpuKernels*> tables;
  for (const CpuKernels* table : supported) {
    const bool is_superseded = std::ranges::any_of(kSuperseded, [&](const auto& pair) {
      return table->name == pair.second && has(pair.first);
    });
    // The scalar table is a specification and never the fastest.
    const bool is_last_choice = table == supported.back() && !tables.empty();
    if (!is_superseded && !is_last_choice) tables.push_back(table);
  }
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
  // Timed once: tables differ in the last bits, and all models of a process shall agree in theirs.
  static const CpuKernels* const fastest = fastest_of(worthwhile_kernels(tables));
  return fastest;
}

bool fetches_past_last_cache() {
#ifdef YOUTU_X86_KERNELS
  __builtin_cpu_init();
  return __builtin_cpu_is("amd") != 0;
#else
  return false;
#endif
}

std::vector<std::string> known_kernel_tables() {
  std::vector<std::string> known;
#ifdef YOUTU_X86_KERNELS
  for (const CpuKernels* table :
       {&kAmxKernels, &kAvx512VnniKernels, &kAvx512Kernels, &kAvxVnniKernels, &kAvx2Kernels}) {
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
