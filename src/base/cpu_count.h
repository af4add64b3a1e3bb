// How many processors this process may use.
#pragma once

namespace youtu {

// The smaller of the affinity mask and the container's processor-time quota (cgroup v2 cpu.max or
// v1 cpu.cfs_quota_us, rounded up); at least 1.
int available_cpu_count();

}  // namespace youtu
