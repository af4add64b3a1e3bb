// Whether a table of kernels computes, on this very machine, what the scalar specification says:
// the question that a user has whose processor, hypervisor or build nobody has tried before. It
// takes a second or two; the tests beside the kernels try more shapes.
#pragma once

#include <cstdint>
#include <string>

#include "backend/cpu/kernels.h"
#include "youtu/status.h"

namespace youtu {

struct KernelCheck {
  Status status;          // ok, or the first kernel that differs: "packed.linear: bits 4, ..."
  int64_t num_calls = 0;  // that were compared
};

// Every function of the table but the peaks, on shapes that are no multiples of a register, with
// values drawn from `seed`. Integer kernels must give the same bits, float kernels agree within
// what the order of sums may change.
KernelCheck check_kernels(const CpuKernels& kernels, const CpuKernels& specification,
                          uint64_t seed);

}  // namespace youtu
