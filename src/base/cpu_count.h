// How many processors this process may use.
#pragma once

namespace youtu {

struct CpuAllowance {
  int machine = 0;   // that the machine has switched on
  int affinity = 0;  // of them, those that this process may run on
  // Processors' worth of time of the container, cgroup v2 cpu.max or v1 cpu.cfs_quota_us; 0 where
  // there is no quota.
  double quota = 0;
};
CpuAllowance cpu_allowance();

// The smaller of the affinity mask and the quota, rounded up; at least 1.
int available_cpu_count();

}  // namespace youtu
