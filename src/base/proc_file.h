// Files by which Linux tells about itself (/proc, /sys).
#pragma once

#include <fstream>
#include <sstream>
#include <string>

namespace youtu {

// Empty where the file cannot be read. Such files have no size beforehand, so this reads to the
// end.
inline std::string read_proc_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

}  // namespace youtu
