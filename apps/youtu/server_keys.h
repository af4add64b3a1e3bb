// The keys of a server's settings, and whether it may listen without any.
#pragma once

#include "config/server_config.h"
#include "server/api_keys.h"
#include "youtu/status.h"

namespace youtu {

// Of the file, and the one in the environment. Not of a flag: every user of a machine may read
// those.
Result<ApiKeys> load_api_keys(const ServerConfig& config);

// A server that anybody can reach and that asks nobody for a key must be meant.
Status check_exposure(const ServerConfig& config, const ApiKeys& keys);

}  // namespace youtu
