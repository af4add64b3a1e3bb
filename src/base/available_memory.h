// How much memory may still be taken. Linux grants more than it has and ends the process that then
// uses it, so a caller that could do with less asks here first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace youtu {

// Where Linux tells about itself; other folders in tests.
struct SystemFolders {
  std::string proc = "/proc";
  std::string cgroup = "/sys/fs/cgroup";
  std::string sys = "/sys";
};

// Bytes that may still be taken without swapping: what the machine has available, or what the
// control group of this process, or one around it, still allows, if that is less. Nothing where
// neither is told.
std::optional<int64_t> available_memory(const SystemFolders& folders = {});

// What this process holds of memory now, without the pages of files; 0 where it is not told.
int64_t resident_memory(const SystemFolders& folders = {});

// Whether memory that asks for large pages gets them (Documentation/admin-guide/mm/transhuge.rst).
bool has_large_pages(const SystemFolders& folders = {});

// The value of `key` in bytes, from lines such as "MemAvailable:  21929620 kB" or "file 1024".
std::optional<int64_t> parse_memory_field(std::string_view text, std::string_view key);

}  // namespace youtu
