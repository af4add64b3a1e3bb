#include "base/available_memory.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/proc_file.h"

namespace youtu {

namespace {

// The files of a control group, as one of the two versions names them.
struct GroupNames {
  const char* limit;
  const char* usage;
  const char* inactive_files;  // fields of memory.stat
  const char* active_files;
};
constexpr GroupNames kVersion1 = {"memory.limit_in_bytes", "memory.usage_in_bytes",
                                  "total_inactive_file", "total_active_file"};
constexpr GroupNames kVersion2 = {"memory.max", "memory.current", "inactive_file", "active_file"};

std::optional<int64_t> read_bytes(const std::string& path) {
  std::ifstream file(path);
  int64_t bytes = 0;
  if (!(file >> bytes)) return std::nullopt;  // "max" is no number, and no limit
  return bytes;
}

// The limit less what is in use. Pages of files count as used, but are given up when they are
// wanted; those of files in memory are not among them.
std::optional<int64_t> group_allowance(const std::string& group, const GroupNames& names) {
  const auto most = read_bytes(group + "/" + names.limit);
  const auto used = read_bytes(group + "/" + names.usage);
  if (!most || !used) return std::nullopt;
  const std::string stat = read_proc_file(group + "/memory.stat");
  const int64_t files = parse_memory_field(stat, names.inactive_files).value_or(0) +
                        parse_memory_field(stat, names.active_files).value_or(0);
  return std::max<int64_t>(0, *most - std::max<int64_t>(0, *used - files));
}

// `path` in the hierarchy at `root`, and the groups around it: each may have a limit. What a
// container is told of its path may not exist in what it sees; its own group is then the root.
void add_groups(const std::string& root, std::string path, const GroupNames& names,
                std::optional<int64_t>& least) {
  for (;;) {
    if (path == "/") path.clear();
    const auto bytes = group_allowance(root + path, names);
    if (bytes && (!least || *bytes < *least)) least = bytes;
    if (path.empty()) return;
    path.erase(path.rfind('/'));
  }
}

// Whether a list as "cpu,memory" has it.
bool lists_memory(std::string_view controllers) {
  return ("," + std::string(controllers) + ",").find(",memory,") != std::string::npos;
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

std::optional<int64_t> available_memory(const SystemFolders& folders) {
  std::optional<int64_t> least =
      parse_memory_field(read_proc_file(folders.proc + "/meminfo"), "MemAvailable");
  // Lines as "4:cpu,memory:/group" of version 1, and "0::/group" of version 2.
  std::istringstream lines(read_proc_file(folders.proc + "/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos || line.compare(second + 1, 1, "/") != 0) continue;
    const std::string path = line.substr(second + 1);
    if (second == first + 1) {
      add_groups(folders.cgroup, path, kVersion2, least);
    } else if (lists_memory(std::string_view(line).substr(first + 1, second - first - 1))) {
      add_groups(folders.cgroup + "/memory", path, kVersion1, least);
    }
  }
  return least;
}

bool has_large_pages(const SystemFolders& folders) {
  // What holds is in brackets: "always [madvise] never".
  const std::string modes = read_proc_file(folders.sys + "/kernel/mm/transparent_hugepage/enabled");
  return modes.find('[') != std::string::npos && modes.find("[never]") == std::string::npos;
}

int64_t resident_memory(const SystemFolders& folders) {
  return parse_memory_field(read_proc_file(folders.proc + "/self/status"), "RssAnon").value_or(0);
}

}  // namespace youtu
