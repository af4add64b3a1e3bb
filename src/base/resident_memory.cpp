#include "base/resident_memory.h"

#include <unistd.h>

#include <sstream>
#include <string>

#include "base/proc_file.h"

namespace youtu {

std::optional<int64_t> parse_resident_pages(std::string_view statm) {
  // proc(5): size resident shared text lib data dt, in pages.
  std::istringstream text{std::string(statm)};
  int64_t size = 0;
  int64_t resident = 0;
  if (!(text >> size >> resident) || resident < 0) return std::nullopt;
  return resident;
}

std::optional<int64_t> resident_bytes() {
  const std::optional<int64_t> pages = parse_resident_pages(read_proc_file("/proc/self/statm"));
  if (!pages) return std::nullopt;
  return *pages * ::sysconf(_SC_PAGESIZE);
}

}  // namespace youtu
