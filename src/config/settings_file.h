// A settings file: one flat YAML mapping of keys to scalars or lists of scalars, and nothing else
// of YAML. No anchors, aliases or tags, no nesting, 64 KiB: a small file cannot become large.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "youtu/status.h"

namespace youtu {

inline constexpr size_t kMaxSettingsBytes = 64u << 10;

struct Setting {
  std::string key;
  std::vector<std::string> values;  // one for a scalar
  bool is_list = false;
  bool is_quoted = false;  // a string in quotes is no number and no flag
  int line = 0;            // from 1
};

// Errors begin with "<name>:<line>: ".
Result<std::vector<Setting>> parse_settings(std::string_view text, const std::string& name);
Result<std::vector<Setting>> read_settings_file(const std::string& path);

}  // namespace youtu
