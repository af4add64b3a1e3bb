// Who may come in: a key for everything but what is public, a limit to what one key may have under
// way, and little patience with those who try keys.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "http/message.h"
#include "server/api_keys.h"

namespace youtu {

struct AccessOptions {
  // The page that asks for the key, and how the server is.
  std::vector<std::string> public_paths = {"/", "/health", "/ready"};
  std::string public_folder = "/assets/";
  int max_requests_per_key = 8;  // at once
};

// Thread-safe. Without keys everybody may come in.
class AccessControl {
 public:
  // REQUIRES: the clock outlives it.
  AccessControl(ApiKeys keys, const AccessOptions& options, const Clock& clock = steady_clock());

  // Other keys and options from the next request on. Who has been let in stays, and still counts
  // under the name of its key.
  void change(ApiKeys keys, const AccessOptions& options);

  // Nothing if the request may come in: then its client is the key's name, and it holds its place
  // under the key's limit for as long as it lives. Else the answer: 401, 429, or 400 for two keys.
  std::optional<http::Response> admit(http::Request& request);

 private:
  struct Failures {
    int count = 0;
    TimePoint since;
  };

  using Count = std::shared_ptr<std::atomic<int>>;
  // What stays the same from one change to the next.
  struct Rules {
    ApiKeys keys;
    AccessOptions options;
    // By key's name, how many requests are under way.
    std::map<std::string, Count> places;
  };

  std::shared_ptr<const Rules> rules() const;
  http::Response refuse_key(const http::Request& request);
  bool has_failed_too_often(const std::string& address);

  const Clock& clock_;
  mutable std::mutex mutex_;  // guards what follows
  std::shared_ptr<const Rules> rules_;
  std::map<std::string, Failures> failures_;  // by address
};

}  // namespace youtu
