#include "base/cpu_count.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>

namespace youtu {

namespace {

int affinity_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// Processors' worth of time per period, or 0 where there is no quota. A container sees its own
// group at the root of the mounted hierarchy.
double cgroup_quota() {
  double period = 0;
  std::string quota;
  if (std::ifstream v2("/sys/fs/cgroup/cpu.max");
      v2 >> quota >> period && quota != "max" && period > 0) {
    return std::strtod(quota.c_str(), nullptr) / period;
  }
  double v1_quota = 0;
  std::ifstream quota_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream period_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  if (quota_file >> v1_quota && period_file >> period && v1_quota > 0 && period > 0)
    return v1_quota / period;
  return 0;
}

}  // namespace

CpuAllowance cpu_allowance() {
  const int affinity = affinity_count();
  const auto machine = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  return {.machine = std::max(machine, affinity), .affinity = affinity, .quota = cgroup_quota()};
}

int available_cpu_count() {
  const CpuAllowance allowance = cpu_allowance();
  if (allowance.quota <= 0) return allowance.affinity;
  return std::clamp(static_cast<int>(std::ceil(allowance.quota)), 1, allowance.affinity);
}

}  // namespace youtu
