// HTTP for downloads: GET only, over TLS that is always verified, within limits of time and size.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "youtu/status.h"

namespace youtu::hub {

struct HttpOptions {
  std::string ca_file;          // empty: the system's
  bool allow_http = false;      // plain http beyond this machine
  double stall_timeout_s = 30;  // this long with less than 1000 bytes a second ends a request
  std::function<bool()> is_stopped = [] { return false; };  // then requests end with kCancelled
};

// First and last byte, as the Range field counts them.
struct ByteRange {
  int64_t first = 0;
  int64_t last = 0;
};

struct HttpRequest {
  std::string url;
  std::string token;  // sent to the host of `url` and nowhere else; empty: none
  std::optional<ByteRange> range = {};
};

// The head of the last answer, behind all redirects.
struct HttpHead {
  int status = 0;
  int64_t content_length = -1;  // -1: not said
  std::string content_range;
  std::string etag;
  std::string linked_digest;  // X-Linked-Etag, which Hugging Face sends before it redirects
  std::string repo_commit;    // X-Repo-Commit, likewise
  double retry_after_s = 0;
};

// One connection, kept between requests; one thread at a time. Not copied, not moved.
//
// Errors: kUnavailable may go away (no connection, a stall, a reset, 408, 429, 5xx), with
// retry_after_seconds() where the server said when; kCancelled once is_stopped(); every other is
// final. Messages begin with the host: "huggingface.co: answers 404".
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  using OnHead = std::function<Status(const HttpHead&)>;
  using OnBody = std::function<Status(std::span<const uint8_t>)>;
  // `on_head` sees the head of a 2xx answer before its body; an error of either ends the request
  // and is its result. Up to 5 redirects are followed where check_redirect() lets them.
  Status get(const HttpRequest& request, const OnHead& on_head, const OnBody& on_body);

  // A whole small answer.
  Result<std::string> get_text(const HttpRequest& request, size_t max_bytes);

 private:
  struct Transfer;
  Status run_once(const HttpRequest& request, const std::string& url, bool with_token,
                  Transfer& transfer);

  const HttpOptions options_;
  std::unique_ptr<void, void (*)(void*)> handle_;
};

}  // namespace youtu::hub
