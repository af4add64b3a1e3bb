#include "http/host_rules.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace youtu::http {

namespace {

// host[:port], the host without brackets.
struct Authority {
  std::string host;
  bool is_address = false;
};

bool is_ipv4(const std::string& text) {
  in_addr address{};
  return ::inet_pton(AF_INET, text.c_str(), &address) == 1;
}
bool is_ipv6(const std::string& text) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool is_port(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && text.size() <= 5 &&
         port >= 0 && port <= 65535 && text.front() != '-';
}

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_';
}

std::optional<Authority> parse_authority(std::string_view text) {
  Authority authority;
  std::string_view rest;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    authority.host = text.substr(1, end - 1);
    if (!is_ipv6(authority.host)) return std::nullopt;
    authority.is_address = true;
    rest = text.substr(end + 1);
  } else {
    const size_t colon = std::min(text.find(':'), text.size());
    authority.host = text.substr(0, colon);
    if (authority.host.empty() ||
        !std::all_of(authority.host.begin(), authority.host.end(), is_name_char)) {
      return std::nullopt;
    }
    authority.is_address = is_ipv4(authority.host);
    rest = text.substr(colon);
  }
  if (rest.empty()) return authority;
  if (rest.size() < 2 || rest.front() != ':' || !is_port(rest.substr(1))) return std::nullopt;
  return authority;
}

}  // namespace

bool is_loopback_address(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const std::string text(host);
  if (is_ipv4(text)) return text.starts_with("127.");
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return false;
  return bytes.back() == 1 &&
         std::all_of(bytes.begin(), bytes.end() - 1, [](unsigned char b) { return b == 0; });
}

std::optional<Rejection> check_host(const Request& request, const HostRules& rules) {
  if (request.minor_version == 0 && request.authority.empty()) return std::nullopt;
  const std::optional<Authority> authority = parse_authority(request.authority);
  if (!authority) return Rejection{400, "bad_request", "the Host field is malformed"};
  if (authority->is_address && (!rules.only_loopback || is_loopback_address(authority->host))) {
    return std::nullopt;
  }
  for (const std::string& host : rules.hosts) {
    if (equals_ignoring_case(host, authority->host)) return std::nullopt;
  }
  return Rejection{403, "host_not_allowed",
                   "this server does not answer to that host name (allowed_hosts)"};
}

std::optional<Rejection> check_origin(const Request& request, const HostRules& rules) {
  const std::optional<std::string_view> origin = request.field("Origin");
  if (!origin) return std::nullopt;
  for (const std::string& allowed : rules.origins) {
    if (equals_ignoring_case(allowed, *origin)) return std::nullopt;
  }
  // Our own page: the origin is the scheme and the very authority that the request is for.
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!request.authority.empty() && origin->starts_with(scheme) &&
        equals_ignoring_case(origin->substr(scheme.size()), request.authority)) {
      return std::nullopt;
    }
  }
  return Rejection{403, "origin_not_allowed",
                   "pages of that origin may not use this server (allowed_origins)"};
}

}  // namespace youtu::http
