// What GET /metrics says of the HTTP side.
#pragma once

#include <string>
#include <string_view>

#include "http/server.h"

namespace youtu {

std::string http_metrics(const http::ServerStats& stats, std::string_view model_name);

}  // namespace youtu
