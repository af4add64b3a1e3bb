#include "base/machine_load.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "base/proc_file.h"

namespace youtu {

namespace {

// Processor time of this process, all threads.
double own_seconds() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

std::optional<CpuTimes> parse_cpu_times(std::string_view stat) {
  // proc(5): user nice system idle iowait irq softirq steal; guests' time is in user's already.
  std::istringstream line{std::string(stat.substr(0, stat.find('\n')))};
  std::string label;
  int64_t fields[8] = {};
  line >> label;
  for (int64_t& field : fields) line >> field;
  if (!line || label != "cpu") return std::nullopt;
  CpuTimes times = {.idle = fields[3] + fields[4], .stolen = fields[7]};
  for (const int64_t field : fields) times.total += field;
  return times;
}

std::optional<double> parse_load_average(std::string_view loadavg) {
  std::istringstream text{std::string(loadavg)};
  double average = 0;
  if (!(text >> average) || !(average >= 0)) return std::nullopt;
  return average;
}

std::optional<std::string> parse_cpu_model(std::string_view cpuinfo) {
  size_t begin = 0;
  while (begin < cpuinfo.size()) {
    const size_t end = std::min(cpuinfo.find('\n', begin), cpuinfo.size());
    const std::string_view line = cpuinfo.substr(begin, end - begin);
    begin = end + 1;
    const size_t colon = line.find(':');
    if (!line.starts_with("model name") || colon == std::string_view::npos) continue;
    const size_t first = line.find_first_not_of(" \t", colon + 1);
    if (first != std::string_view::npos) return std::string(line.substr(first));
  }
  return std::nullopt;
}

LoadWatch::LoadWatch()
    : start_(parse_cpu_times(read_proc_file("/proc/stat"))), start_own_seconds_(own_seconds()) {}

MachineLoad LoadWatch::read() const {
  MachineLoad load = {.load_average = parse_load_average(read_proc_file("/proc/loadavg"))};
  const auto now = parse_cpu_times(read_proc_file("/proc/stat"));
  if (!start_ || !now || now->total <= start_->total) return load;
  const auto total = static_cast<double>(now->total - start_->total);
  const auto idle = static_cast<double>(now->idle - start_->idle);
  const auto stolen = static_cast<double>(now->stolen - start_->stolen);
  const double own =
      (own_seconds() - start_own_seconds_) * static_cast<double>(::sysconf(_SC_CLK_TCK));
  load.others_share = std::clamp((total - idle - stolen - own) / total, 0.0, 1.0);
  load.stolen_share = std::clamp(stolen / total, 0.0, 1.0);
  return load;
}

std::optional<std::string> cpu_model() {
  return parse_cpu_model(read_proc_file("/proc/cpuinfo"));
}

}  // namespace youtu
