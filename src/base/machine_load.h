// How busy the machine is with other work than ours, from /proc. What cannot be read there is not
// known, which is no failure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace youtu {

// Time of all processors since the machine's start, in clock ticks.
struct CpuTimes {
  int64_t total = 0;
  int64_t idle = 0;    // waiting for input and output included
  int64_t stolen = 0;  // by the host of this virtual machine
  bool operator==(const CpuTimes&) const = default;
};

// The first line of /proc/stat, the first number of /proc/loadavg, the first model name of
// /proc/cpuinfo; nothing where the text is not of that form.
std::optional<CpuTimes> parse_cpu_times(std::string_view stat);
std::optional<double> parse_load_average(std::string_view loadavg);
std::optional<std::string> parse_cpu_model(std::string_view cpuinfo);

// Shares of the time of all processors, 0 to 1.
struct MachineLoad {
  std::optional<double> load_average = {};  // of the last minute, at the end of the watch
  std::optional<double> others_share = {};  // used by other processes
  std::optional<double> stolen_share = {};
};

// Watches the machine from its construction on.
class LoadWatch {
 public:
  LoadWatch();
  MachineLoad read() const;

 private:
  std::optional<CpuTimes> start_;
  double start_own_seconds_;
};

// Of this machine; nothing where it does not say.
std::optional<std::string> cpu_model();

}  // namespace youtu
