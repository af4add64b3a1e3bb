// Where requests may go: which addresses are public, and which redirects are followed.
#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>

#include "youtu/status.h"

namespace youtu::hub {

struct Url {
  std::string scheme;  // "https" or "http"
  std::string host;    // lower case, without the brackets of an IPv6 literal
  int port = 0;

  bool operator==(const Url&) const = default;
};

// Errors name the URL and what is wrong with it. User names and passwords in it are refused.
Result<Url> parse_url(std::string_view url);

// What lies on the other side of an address. kPrivate: this network's, as in RFC 1918.
// kForbidden: link-local (where clouds keep their secrets), multicast, unspecified.
enum class Reach { kPublic, kPrivate, kLoopback, kForbidden };
Reach reach_of(const sockaddr& address);

// Of a host that is an address itself, or "localhost"; kPublic for other names: they must be
// resolved.
Reach reach_of_host(const std::string& host);

// Whether a server at an address of reach `from` may send us to one of reach `to`: never further
// into a network than it is itself.
bool may_lead(Reach from, Reach to);

// Whether a request to `from` may go on at `to`. https never becomes http, except to this machine
// from this machine; no server of the public network may lead into a private one.
Status check_redirect(const Url& from, const Url& to, Reach reach_of_from);

}  // namespace youtu::hub
