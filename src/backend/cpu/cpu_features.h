// Which kernel tables this processor can run, and which of them is fastest on it.
#pragma once

#include <string_view>
#include <vector>

#include "backend/cpu/kernels.h"
#include "youtu/status.h"

namespace youtu {

// Tables that the processor and the operating system allow, widest first; "scalar" is always the
// last.
std::vector<const CpuKernels*> supported_kernels();

// The table called `isa`; for "" the one that wins a short timing. Fails on a name that is unknown
// or not supported here.
Result<const CpuKernels*> select_kernels(std::string_view isa);

}  // namespace youtu
