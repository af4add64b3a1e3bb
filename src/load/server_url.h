// Where the server under load is: "http://127.0.0.1:8080", perhaps with a path before its
// endpoints.
#pragma once

#include <string>
#include <string_view>

#include "youtu/status.h"

namespace youtu::load {

struct ServerUrl {
  std::string host;        // without the brackets of an IPv6 literal
  std::string port;        // "80" if the URL has none
  std::string path;        // of the endpoints' root: empty or "/prefix", no slash at its end
  std::string host_field;  // as the Host field has it: "[::1]:8080"
};

// Errors name the part that is wrong. HTTPS is refused: nothing here speaks TLS.
Result<ServerUrl> parse_server_url(std::string_view url);

}  // namespace youtu::load
