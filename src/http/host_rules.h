// Which names a request may call this server by, and which web pages may send it one.
//
// A page of some other site can make a browser send requests to a server on the same machine,
// either openly (then the browser says so in Origin) or by pointing its own name at 127.0.0.1 (DNS
// rebinding; then Host has that name). Both fields are checked on every request. An address literal
// cannot be rebound, so it is no danger in Host.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "http/request_head.h"

namespace youtu::http {

struct HostRules {
  std::vector<std::string> hosts = {"localhost"};  // names, without port
  std::vector<std::string> origins;                // other origins: "https://chat.example.org"
  bool only_loopback = true;                       // the server listens on a loopback address
};

// "127.0.0.1" and "::1", also as "[::1]".
bool is_loopback_address(std::string_view host);

// Nothing if the request may come in; else 400 (a malformed authority) or 403.
std::optional<Rejection> check_host(const Request& request, const HostRules& rules);
std::optional<Rejection> check_origin(const Request& request, const HostRules& rules);

}  // namespace youtu::http
