// libcurl's easy interface. Redirects are followed here and not by libcurl, because each must be
// looked at, and the token must stay with the host that it is for.
#include "hub/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "hub/url_rules.h"

namespace youtu::hub {

namespace {

constexpr int kMaxRedirects = 5;
constexpr long kConnectTimeoutS = 15;
constexpr long kSlowBytesPerSecond = 1000;
constexpr size_t kMaxErrorBodyBytes = size_t{64} << 10;
constexpr size_t kRefuse = 0;  // of a body's bytes: ends the request

// An address that libcurl connects to is then the proxy's.
bool has_proxy() {
  constexpr std::array<const char*, 5> kVariables = {"http_proxy", "https_proxy", "HTTPS_PROXY",
                                                     "all_proxy", "ALL_PROXY"};
  return std::any_of(kVariables.begin(), kVariables.end(), [](const char* variable) {
    const char* value = std::getenv(variable);
    return value && *value;
  });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  const size_t last = text.find_last_not_of(kBlank);
  return text.substr(0, last == text.npos ? 0 : last + 1);
}

bool is_field(std::string_view name, std::string_view wanted) {
  return std::equal(name.begin(), name.end(), wanted.begin(), wanted.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == b;
  });
}

// Entity tags as they are compared: without quotes and the mark of weak ones.
std::string without_quotes(std::string_view tag) {
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"')
    tag = tag.substr(1, tag.size() - 2);
  return std::string(tag);
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Status status_of_answer(const HttpHead& head) {
  const std::string what = "answers " + std::to_string(head.status);
  switch (head.status) {
    case 401:
    case 403:
      return {StatusCode::kFailedPrecondition, what, {}, "forbidden"};
    case 404:
      return Status::not_found(what);
    case 408:
    case 429:
      return Status::unavailable(what).with_retry_after(head.retry_after_s);
    case 416:
      return Status::invalid_argument(what + ": it has less of the file than its list says");
    default:
      break;
  }
  if (head.status >= 500) return Status::unavailable(what).with_retry_after(head.retry_after_s);
  return Status::invalid_argument(what);
}

Status status_of_curl(CURLcode code, const char* details, double stall_timeout_s) {
  const std::string more = *details ? details : curl_easy_strerror(code);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return {
          StatusCode::kUnavailable, "its name cannot be resolved (is there a network?)", {}, "dns"};
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Status::failed_precondition(
          "the proxy's name cannot be resolved (https_proxy, http_proxy, all_proxy; no_proxy names "
          "hosts without it)");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return Status::failed_precondition("TLS: " + more +
                                         " (SSL_CERT_FILE names a file of trusted authorities)");
    case CURLE_OPERATION_TIMEDOUT:
      return Status::unavailable("less than 1000 bytes a second for " +
                                 std::to_string(std::lround(stall_timeout_s)) +
                                 " s, or no connection");
    case CURLE_COULDNT_CONNECT:
      return Status::unavailable(more);
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return Status::unavailable("the connection broke: " + more);
    default:
      return Status::failed_precondition(more);
  }
}

void start_curl() {
  static const bool started = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  CHECK(started);
}

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

}  // namespace

// One request and its answer, for libcurl's callbacks.
struct HttpClient::Transfer {
  Transfer(const OnHead& head_taker, const OnBody& body_taker, const std::function<bool()>& stopped)
      : on_head(head_taker), on_body(body_taker), is_stopped(stopped) {}

  const OnHead& on_head;
  const OnBody& on_body;
  const std::function<bool()>& is_stopped;
  bool is_redirected = false;
  Reach origin_reach = Reach::kPublic;
  const bool is_proxied = has_proxy();

  HttpHead head;
  bool is_head_told = false;
  size_t skipped_bytes = 0;
  Status error;

  void begin_answer() {
    HttpHead fresh;
    fresh.linked_digest = std::move(head.linked_digest);
    fresh.repo_commit = std::move(head.repo_commit);
    head = std::move(fresh);
  }

  void read_field(std::string_view name, std::string_view value) {
    if (is_field(name, "content-length")) {
      std::from_chars(value.data(), value.data() + value.size(), head.content_length);
    } else if (is_field(name, "content-range")) {
      head.content_range = value;
    } else if (is_field(name, "etag")) {
      head.etag = without_quotes(value);
    } else if (is_field(name, "x-linked-etag")) {
      head.linked_digest = without_quotes(value);
    } else if (is_field(name, "x-repo-commit")) {
      head.repo_commit = value;
    } else if (is_field(name, "content-encoding") && !is_field(value, "identity")) {
      error = Status::invalid_argument("answers in an encoding that was not asked for");
    }
  }

  // Called before the first byte of a good answer, and at its end where it has no bytes.
  bool tell_head() {
    if (!error) return false;
    if (is_head_told) return true;
    is_head_told = true;
    error = on_head(head);
    return error.is_ok();
  }

  static size_t take_header(char* data, size_t, size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string_view line(data, size);
    if (line.starts_with("HTTP/")) {
      transfer.begin_answer();
      const size_t space = line.find(' ');
      if (space != line.npos) {
        std::from_chars(line.data() + space + 1, line.data() + size, transfer.head.status);
      }
    } else if (const size_t colon = line.find(':'); colon != line.npos) {
      transfer.read_field(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
    }
    return size;
  }

  static size_t take_body(char* data, size_t, size_t size, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    if (transfer.head.status / 100 != 2) {  // nobody reads the pages of errors
      transfer.skipped_bytes += size;
      return transfer.skipped_bytes > kMaxErrorBodyBytes ? kRefuse : size;
    }
    if (!transfer.tell_head()) return kRefuse;
    transfer.error = transfer.on_body({reinterpret_cast<const uint8_t*>(data), size});
    return transfer.error ? size : kRefuse;
  }

  static int watch(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Transfer*>(self)->is_stopped() ? 1 : 0;
  }

  // A name may resolve to an address that a redirect must not lead to.
  static curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(self);
    if (transfer.is_redirected && !transfer.is_proxied &&
        !may_lead(transfer.origin_reach, reach_of(address->addr))) {
      transfer.error = Status::invalid_argument(
          "is where a redirect leads to, and has an address that is not of the public network");
      return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }
};

HttpClient::HttpClient(HttpOptions options)
    : options_(std::move(options)),
      handle_(nullptr, [](void* handle) { curl_easy_cleanup(static_cast<CURL*>(handle)); }) {
  start_curl();
  handle_.reset(curl_easy_init());
  CHECK(handle_);
}

HttpClient::~HttpClient() = default;

Status HttpClient::run_once(const HttpRequest& request, const std::string& url, bool with_token,
                            Transfer& transfer) {
  CURL* handle = static_cast<CURL*>(handle_.get());
  curl_easy_reset(handle);  // keeps connections
  std::array<char, CURL_ERROR_SIZE> details{};
  std::unique_ptr<curl_slist, FreeList> fields;
  if (with_token) {
    const std::string field = "Authorization: Bearer " + request.token;
    fields.reset(curl_slist_append(nullptr, field.c_str()));
  }
  std::string range;
  if (request.range) {
    range = std::to_string(request.range->first) + "-" + std::to_string(request.range->last);
    curl_easy_setopt(handle, CURLOPT_RANGE, range.c_str());
  }
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, fields.get());
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "https,http");
#else
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS, CURLPROTO_HTTPS | CURLPROTO_HTTP);
#endif
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options_.ca_file.empty()) {
    curl_easy_setopt(handle, CURLOPT_CAINFO, options_.ca_file.c_str());
  }
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "youtu-serve");
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, kConnectTimeoutS);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, kSlowBytesPerSecond);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, std::lround(options_.stall_timeout_s));
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, details.data());
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &Transfer::take_header);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &Transfer::take_body);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, &Transfer::watch);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, &Transfer::open_socket);
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, &transfer);
  const CURLcode code = curl_easy_perform(handle);
  if (!transfer.error) return transfer.error;
  if (code == CURLE_ABORTED_BY_CALLBACK) return Status::cancelled("interrupted");
  const bool was_skipped = code == CURLE_WRITE_ERROR && transfer.head.status / 100 != 2;
  if (code != CURLE_OK && !was_skipped) {
    return status_of_curl(code, details.data(), options_.stall_timeout_s);
  }
  curl_off_t retry_after = 0;
  curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &retry_after);
  transfer.head.retry_after_s = static_cast<double>(retry_after);
  return Status::ok();
}

Status HttpClient::get(const HttpRequest& request, const OnHead& on_head, const OnBody& on_body) {
  const Result<Url> origin = parse_url(request.url);
  RETURN_IF_ERROR(origin);
  const bool is_safe = origin->scheme == "https" || reach_of_host(origin->host) == Reach::kLoopback;
  if (!is_safe && !options_.allow_http) {
    return Status::invalid_argument(origin->host +
                                    ": plain http, which anybody on the way can read and change "
                                    "(https, or --allow-http)");
  }
  CURL* handle = static_cast<CURL*>(handle_.get());
  Transfer transfer(on_head, on_body, options_.is_stopped);
  Url at = *origin;
  std::string url = request.url;
  for (int num_redirects = 0;; ++num_redirects) {
    const bool with_token = !request.token.empty() && is_safe && at == *origin;
    if (Status status = run_once(request, url, with_token, transfer); !status) {
      return status.with_prefix(at.host + ": ");
    }
    if (!is_redirect(transfer.head.status)) break;
    if (num_redirects == kMaxRedirects) {
      return Status::invalid_argument(at.host + ": redirects more than " +
                                      std::to_string(kMaxRedirects) + " times");
    }
    const char* next = nullptr;
    curl_easy_getinfo(handle, CURLINFO_REDIRECT_URL, &next);
    if (!next) return Status::invalid_argument(at.host + ": redirects to nowhere");
    const char* address = nullptr;
    curl_easy_getinfo(handle, CURLINFO_PRIMARY_IP, &address);
    const bool is_literal = transfer.is_proxied || !address || !*address;
    const Reach reach = reach_of_host(is_literal ? at.host : address);
    if (!transfer.is_redirected) transfer.origin_reach = reach;
    transfer.is_redirected = true;
    url = next;
    const Result<Url> to = parse_url(url);
    if (!to) return to.status().with_prefix(at.host + ": redirects to ");
    if (Status status = check_redirect(at, *to, transfer.origin_reach); !status) {
      return status.with_prefix(at.host + ": ");
    }
    at = *to;
  }
  if (transfer.head.status / 100 != 2) {
    return status_of_answer(transfer.head).with_prefix(at.host + ": ");
  }
  if (!transfer.tell_head()) return transfer.error.with_prefix(at.host + ": ");
  return Status::ok();
}

Result<std::string> HttpClient::get_text(const HttpRequest& request, size_t max_bytes) {
  std::string text;
  const auto on_head = [](const HttpHead&) { return Status::ok(); };
  const auto on_body = [&](std::span<const uint8_t> bytes) {
    if (bytes.size() > max_bytes - text.size()) {
      return Status::invalid_argument("the answer is longer than " + std::to_string(max_bytes) +
                                      " bytes");
    }
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Status::ok();
  };
  RETURN_IF_ERROR(get(request, on_head, on_body));
  return text;
}

}  // namespace youtu::hub
