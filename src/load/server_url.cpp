#include "load/server_url.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"

namespace youtu::load {

namespace {

constexpr size_t kMaxUrlBytes = 2048;
constexpr int kMaxPort = 65535;

bool is_plain(char c) {
  return c > ' ' && c < '\x7f';
}

Status wrong_url(std::string_view url, const char* why) {
  return Status::invalid_argument(
      "--url \"" + std::string(url.substr(0, 128)) + "\": " + why + " (http://host[:port][/path])",
      "--url");
}

// What stands behind the host: nothing, or ":" and a port.
bool take_port(std::string_view text, std::string& port) {
  port = "80";
  if (text.empty()) return true;
  text.remove_prefix(1);  // the colon
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  if (value < 1 || value > kMaxPort) return false;
  port = std::to_string(value);
  return true;
}

}  // namespace

Result<ServerUrl> parse_server_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (url.size() > kMaxUrlBytes) return wrong_url(url, "longer than 2048 bytes");
  if (!std::all_of(url.begin(), url.end(), is_plain)) {
    return Status::invalid_argument("--url has a blank or a character beyond ASCII", "--url");
  }
  if (url.starts_with("https://")) return wrong_url(url, "only http is spoken");
  if (!url.starts_with(kScheme)) return wrong_url(url, "does not begin with http://");
  std::string_view rest = url.substr(kScheme.size());
  if (rest.find_first_of("?#@") != std::string_view::npos) {
    return wrong_url(url, "has a query, a fragment or a user");
  }
  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  ServerUrl parsed;
  parsed.path = rest.substr(slash);
  while (parsed.path.ends_with('/')) parsed.path.pop_back();
  parsed.host_field = authority;
  const bool is_ipv6 = authority.starts_with('[');
  const size_t bracket = authority.find(']');
  if (is_ipv6 && bracket == std::string_view::npos) return wrong_url(url, "has no closing ]");
  const size_t host_end = is_ipv6 ? bracket + 1 : std::min(authority.find(':'), authority.size());
  parsed.host = is_ipv6 ? authority.substr(1, bracket - 1) : authority.substr(0, host_end);
  if (parsed.host.empty()) return wrong_url(url, "has no host");
  const std::string_view behind = authority.substr(host_end);
  if (!behind.empty() && behind.front() != ':') return wrong_url(url, "has no port behind ]");
  if (!take_port(behind, parsed.port)) return wrong_url(url, "the port is not in 1 to 65535");
  return parsed;
}

}  // namespace youtu::load
