// The kernel tables by name, for those who ask what this machine can run and whether it computes
// right: `youtu doctor`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "youtu/status.h"

namespace youtu {

struct KernelTableCheck {
  std::string name;       // "avx2"
  Status status;          // ok, or the first kernel that differs from the scalar specification
  int64_t num_calls = 0;  // that were compared
};

// Those that the program has, widest first, whether this processor can run them or not.
std::vector<std::string> known_kernel_tables();
// Those of them that it can run; "scalar" is the last.
std::vector<std::string> supported_kernel_tables();
// The one called `isa`, or the fastest for "". Fails on a name that is unknown or not supported.
Result<std::string> choose_kernel_table(std::string_view isa);
// Every supported table but the specification itself. Takes some seconds.
std::vector<KernelTableCheck> check_kernel_tables(uint64_t seed);

}  // namespace youtu
