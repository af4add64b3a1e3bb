// What `youtu doctor` looks at in the machine: the processor and its kernels, how many processors
// there are to use and who else uses them, how fast the memory is read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/machine_load.h"
#include "doctor_report.h"

namespace youtu {

// What it is, which instruction sets it has, and which one is used; `isa` as in the settings.
Finding check_processor(const std::string& isa);
// Whether every kernel table that it can run computes what the scalar one does. Takes seconds.
Finding check_kernel_agreement(const std::string& isa);
// Affinity and quota against the threads that the settings ask for; 0 is as many as may be used.
Finding check_processors(int64_t threads);
// What other processes and the host took while this program was looking.
Finding check_neighbours(const LoadWatch& watch);
// What reading the weights once for each token leaves at most. Takes memory and some 0.4 seconds.
Finding check_bandwidth(const std::string& isa, int64_t threads,
                        std::optional<int64_t> weight_bytes);

}  // namespace youtu
