// What a server that is running makes of settings that were read again: those that are live are
// taken over, the others stay as they are until a restart.
#pragma once

#include <string>
#include <vector>

#include "config/server_config.h"

namespace youtu {

struct ConfigChange {
  ConfigReport report;                    // what is in force from now on
  std::vector<std::string> changed;       // keys, in the order of the table
  std::vector<std::string> need_restart;  // they differ, and stay as they are
};
ConfigChange plan_config_change(const ConfigReport& running, const ConfigReport& wanted);

// "default_preset, max_queued_requests; needs a restart: model, port", or "no setting".
std::string config_change_text(const ConfigChange& change);

}  // namespace youtu
