#include "server/access_control.h"

#include <algorithm>

namespace youtu {

namespace {

constexpr std::string_view kBearer = "bearer ";
// An address that has shown so many wrong keys within the time is told to wait for its end.
constexpr int kMaxFailures = 10;
constexpr std::chrono::seconds kFailureWindow{10};
constexpr size_t kMaxAddresses = 10'000;  // remembered
constexpr std::string_view kRetrySeconds = "10";

// The key of a request: Authorization: Bearer, or Anthropic's x-api-key. Empty if there is none.
// Two are none of either.
struct ShownKey {
  std::string_view key;
  int count = 0;
};

ShownKey shown_key(const http::Request& request) {
  ShownKey shown;
  for (const http::Field& field : request.fields) {
    if (http::equals_ignoring_case(field.name, "Authorization")) {
      ++shown.count;
      const std::string_view value = field.value;
      const bool is_bearer = value.size() > kBearer.size() &&
                             http::equals_ignoring_case(value.substr(0, kBearer.size()), kBearer);
      shown.key = is_bearer ? value.substr(kBearer.size()) : std::string_view();
    } else if (http::equals_ignoring_case(field.name, "x-api-key")) {
      ++shown.count;
      shown.key = field.value;
    }
  }
  return shown;
}

}  // namespace

AccessControl::AccessControl(ApiKeys keys, AccessOptions options, const Clock& clock)
    : keys_(std::move(keys)), options_(std::move(options)), clock_(clock) {
  for (const std::string& name : keys_.names()) {
    places_[name] = std::make_shared<std::atomic<int>>(0);
  }
}

bool AccessControl::is_public(const http::Request& request) const {
  const auto& paths = options_.public_paths;
  return request.method == "OPTIONS" ||  // what may be asked is decided by the origin
         request.path.starts_with(options_.public_folder) ||
         std::find(paths.begin(), paths.end(), request.path) != paths.end();
}

std::optional<http::Response> AccessControl::admit(http::Request& request) {
  if (keys_.is_empty() || is_public(request)) return std::nullopt;
  const ShownKey shown = shown_key(request);
  if (shown.count > 1) {
    return http::error_response(400, "a request has one key", {}, "two_keys");
  }
  std::optional<std::string> owner = shown.key.empty() ? std::nullopt : keys_.owner_of(shown.key);
  if (!owner) return refuse_key(request);
  request.client = *std::move(owner);
  return take_place(request);
}

// True if this failure is one too many.
bool AccessControl::has_failed_too_often(const std::string& address) {
  const TimePoint now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (failures_.size() >= kMaxAddresses) {
    std::erase_if(failures_,
                  [&](const auto& entry) { return now - entry.second.since >= kFailureWindow; });
    if (failures_.size() >= kMaxAddresses) return true;
  }
  Failures& failures = failures_[address];
  if (failures.count == 0 || now - failures.since >= kFailureWindow) failures = {0, now};
  return ++failures.count > kMaxFailures;
}

http::Response AccessControl::refuse_key(const http::Request& request) {
  if (has_failed_too_often(request.peer_address)) {
    http::Response response =
        http::error_response(429, "too many wrong keys from this address", {}, "too_many_keys");
    response.fields.push_back({"Retry-After", std::string(kRetrySeconds)});
    return response;
  }
  http::Response response = http::error_response(
      401, "this server needs a key: Authorization: Bearer <key>", {}, "invalid_api_key");
  response.fields.push_back({"WWW-Authenticate", "Bearer"});
  return response;
}

std::optional<http::Response> AccessControl::take_place(http::Request& request) const {
  const std::shared_ptr<std::atomic<int>>& taken = places_.at(request.client);
  if (taken->fetch_add(1) >= options_.max_requests_per_key) {
    taken->fetch_sub(1);
    http::Response response =
        http::error_response(429,
                             "this key has " + std::to_string(options_.max_requests_per_key) +
                                 " requests under way already",
                             {}, "rate_limit_exceeded");
    response.fields.push_back({"Retry-After", "1"});
    return response;
  }
  request.admission = std::shared_ptr<void>(nullptr, [taken](void*) { taken->fetch_sub(1); });
  return std::nullopt;
}

}  // namespace youtu
