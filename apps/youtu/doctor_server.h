// What `youtu doctor` looks at around a server: its settings and keys, the folders it writes to,
// the port it listens at.
#pragma once

#include <cstdint>
#include <vector>

#include "config/server_config.h"
#include "doctor_report.h"
#include "youtu/status.h"

namespace youtu {

// Of settings that could be read, or why they could not.
Finding check_settings(const Result<ConfigReport>& settings);
Finding check_keys(const ServerConfig& config);
// Of the cache of packed weights, the sessions, pulled models and the access log. A folder that is
// not there yet must be one that can be made; nothing is made, and nothing is left behind.
std::vector<Finding> check_folders(const ServerConfig& config);
// Listens there for a moment; where that fails, asks whoever has it.
Finding check_port(const ServerConfig& config);

}  // namespace youtu
