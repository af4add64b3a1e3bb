#include "hub/url_rules.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>

#include "base/check.h"

namespace youtu::hub {

namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return "";
  std::string result = text;
  curl_free(text);
  return result;
}

Status bad(std::string_view url, std::string_view what) {
  constexpr size_t kMaxShownBytes = 200;
  std::string shown;
  for (const char c : url.substr(0, kMaxShownBytes)) shown += c > 0x20 && c < 0x7f ? c : '?';
  return Status::invalid_argument("\"" + shown + "\": " + std::string(what));
}

Reach reach_of_v4(uint32_t address) {  // in the host's byte order
  const auto is_in = [address](uint32_t network, int bits) {
    return (address >> (32 - bits)) == (network >> (32 - bits));
  };
  if (is_in(0x7f000000, 8)) return Reach::kLoopback;
  if (is_in(0xa9fe0000, 16) || is_in(0x00000000, 8) || address >= 0xe0000000) {
    return Reach::kForbidden;
  }
  if (is_in(0x0a000000, 8) || is_in(0xac100000, 12) || is_in(0xc0a80000, 16) ||
      is_in(0x64400000, 10)) {
    return Reach::kPrivate;
  }
  return Reach::kPublic;
}

Reach reach_of_v6(const in6_addr& address) {
  if (IN6_IS_ADDR_LOOPBACK(&address)) return Reach::kLoopback;
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    uint32_t v4 = 0;
    std::memcpy(&v4, address.s6_addr + 12, sizeof(v4));
    return reach_of_v4(ntohl(v4));
  }
  if (IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_LINKLOCAL(&address) ||
      IN6_IS_ADDR_MULTICAST(&address)) {
    return Reach::kForbidden;
  }
  if ((address.s6_addr[0] & 0xfe) == 0xfc) return Reach::kPrivate;
  return Reach::kPublic;
}

}  // namespace

Result<Url> parse_url(std::string_view url) {
  for (const char c : url) {
    if (c <= 0x20 || c >= 0x7f || c == '\\') return bad(url, "a character that no URL has");
  }
  const std::unique_ptr<CURLU, FreeUrl> parsed(curl_url());
  CHECK(parsed);
  const std::string text(url);
  if (curl_url_set(parsed.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) !=
      CURLUE_OK) {
    return bad(url, "is no URL (https://host)");
  }
  Url result{.scheme = part(parsed.get(), CURLUPART_SCHEME),
             .host = part(parsed.get(), CURLUPART_HOST)};
  if (result.scheme != "https" && result.scheme != "http") {
    return bad(url, "neither https nor http");
  }
  if (!part(parsed.get(), CURLUPART_USER).empty() ||
      !part(parsed.get(), CURLUPART_PASSWORD).empty()) {
    return bad(url, "a user's name in a URL is not taken");
  }
  if (result.host.starts_with('[')) result.host = result.host.substr(1, result.host.size() - 2);
  std::transform(result.host.begin(), result.host.end(), result.host.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::string port = part(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::from_chars(port.data(), port.data() + port.size(), result.port);
  return result;
}

Reach reach_of(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof(v4));
    return reach_of_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof(v6));
    return reach_of_v6(v6.sin6_addr);
  }
  return Reach::kForbidden;
}

Reach reach_of_host(const std::string& host) {
  if (host == "localhost" || host.ends_with(".localhost")) return Reach::kLoopback;
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return reach_of_v4(ntohl(v4.s_addr));
  in6_addr v6{};
  if (::inet_pton(AF_INET6, host.c_str(), &v6) == 1) return reach_of_v6(v6);
  return Reach::kPublic;
}

bool may_lead(Reach from, Reach to) {
  switch (to) {
    case Reach::kPublic:
      return true;
    case Reach::kPrivate:
      return from == Reach::kPrivate || from == Reach::kLoopback;
    case Reach::kLoopback:
      return from == Reach::kLoopback;
    case Reach::kForbidden:
      return false;
  }
  UNREACHABLE();
}

Status check_redirect(const Url& from, const Url& to, Reach reach_of_from) {
  const std::string where = to.scheme + "://" + to.host;
  if (to == from) return Status::ok();
  const Reach reach = reach_of_host(to.host);
  if (to.scheme == "http" &&
      !(from.scheme == "http" && reach == Reach::kLoopback && reach_of_from == Reach::kLoopback)) {
    return Status::invalid_argument("redirects to " + where + ", which is not https");
  }
  if (to.host == from.host) return Status::ok();
  if (!may_lead(reach_of_from, reach)) {
    return Status::invalid_argument("redirects to " + where +
                                    ", an address that is not of the public network");
  }
  return Status::ok();
}

}  // namespace youtu::hub
