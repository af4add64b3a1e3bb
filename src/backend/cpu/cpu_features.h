// Which kernel tables this processor can run, and which of them is fastest on it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "backend/cpu/kernels.h"
#include "youtu/status.h"

namespace youtu {

// Tables that the processor and the operating system allow, widest first; "scalar" is always the
// last.
std::vector<const CpuKernels*> supported_kernels();

// Those of them that may be the fastest: one for each width of registers. REQUIRES: as
// supported_kernels() gives them.
std::vector<const CpuKernels*> worthwhile_kernels(std::span<const CpuKernels* const> supported);

// The table called `isa`; for "" the one of these that wins a short timing, which a process makes
// once. Fails on a name that is unknown or not supported here.
Result<const CpuKernels*> select_kernels(std::string_view isa);

// Whether weights that a step reads once are better fetched as non-temporal lines. The last-level
// cache of AMD's Zen holds what the second level gives up; such lines need not be written there,
// only to be gone before they are read again (measured on Zen 5: docs/performance.md).
bool fetches_past_last_cache();
// As many tokens pass by a panel of weights at once; for more it is needed again.
inline constexpr int32_t kReadOnceTokens = 8;

}  // namespace youtu
