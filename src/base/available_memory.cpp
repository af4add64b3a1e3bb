#include "base/available_memory.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

#include "base/proc_file.h"

namespace youtu {

namespace {

std::optional<int64_t> read_bytes(const std::string& path) {
  std::ifstream file(path);
  int64_t bytes = 0;
  if (!(file >> bytes)) return std::nullopt;  // "max" is no number, and no limit
  return bytes;
}

// The limit less what is in use. Pages of files count as used, but are given up when they are
// wanted.
std::optional<int64_t> group_allowance(const std::string& limit, const std::string& usage,
                                       const std::string& stat, std::string_view file_key) {
  const auto most = read_bytes(limit);
  const auto used = read_bytes(usage);
  if (!most || !used) return std::nullopt;
  const int64_t files = parse_memory_field(read_proc_file(stat), file_key).value_or(0);
  return std::max<int64_t>(0, *most - std::max<int64_t>(0, *used - files));
}

}  // namespace

std::optional<int64_t> parse_memory_field(std::string_view text, std::string_view key) {
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string name, unit;
    int64_t value = 0;
    if (!(fields >> name >> value) || value < 0) continue;
    if (name.ends_with(':')) name.pop_back();
    if (name != key) continue;
    fields >> unit;
    return unit == "kB" ? value * 1024 : value;
  }
  return std::nullopt;
}

std::optional<int64_t> available_memory() {
  // A container sees its own group at the root of the mounted hierarchy.
  const std::string v2 = "/sys/fs/cgroup/", v1 = "/sys/fs/cgroup/memory/";
  const std::optional<int64_t> known[] = {
      parse_memory_field(read_proc_file("/proc/meminfo"), "MemAvailable"),
      group_allowance(v2 + "memory.max", v2 + "memory.current", v2 + "memory.stat", "file"),
      group_allowance(v1 + "memory.limit_in_bytes", v1 + "memory.usage_in_bytes",
                      v1 + "memory.stat", "total_cache"),
  };
  std::optional<int64_t> least;
  for (const auto& bytes : known) {
    if (bytes && (!least || *bytes < *least)) least = bytes;
  }
  return least;
}

}  // namespace youtu
