// The table of the server's settings: one row for each, and everything else is read from it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/server_config.h"

namespace youtu {

using Milliseconds = std::chrono::milliseconds;
using Member =
    std::variant<std::string ServerConfig::*, int64_t ServerConfig::*, bool ServerConfig::*,
                 Milliseconds ServerConfig::*, std::vector<std::string> ServerConfig::*>;

struct Option {
  std::string_view key;
  Member member;
  std::string_view help;
  int64_t min = 0;  // of integers, and of durations in milliseconds
  int64_t max = 0;
  bool is_live = false;  // may change while the server serves (SIGHUP); else it needs a restart
};

inline constexpr int64_t kDay = int64_t{24} * 3600 * 1000;

const std::vector<Option>& options();
// Null if there is none.
const Option* find_option(std::string_view key);
// "50ms", "7d".
std::string duration_text(int64_t ms);
// As it is written in a file; lists without brackets.
std::string value_text(const ServerConfig& config, const Option& option);

}  // namespace youtu
