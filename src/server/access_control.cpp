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
// After which a key may try again that has all of its places taken.
constexpr std::string_view kPlaceRetrySeconds = "1";

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

bool is_public(const http::Request& request, const AccessOptions& options) {
  const auto& paths = options.public_paths;
  return request.method == "OPTIONS" ||  // what may be asked is decided by the origin
         request.path.starts_with(options.public_folder) ||
         std::find(paths.begin(), paths.end(), request.path) != paths.end();
}

// What the limit leaves, as OpenAI's clients read it. A place is free when an answer ends, which
// nobody knows beforehand: where none is left, the reset is what Retry-After says.
std::vector<http::Field> limit_fields(int max_requests, int taken) {
  const int left = std::max(0, max_requests - taken);
  return {{"x-ratelimit-limit-requests", std::to_string(max_requests)},
          {"x-ratelimit-remaining-requests", std::to_string(left)},
          {"x-ratelimit-reset-requests", left > 0 ? "0s" : std::string(kPlaceRetrySeconds) + "s"}};
}

// One of the requests that a key may have under way.
class Place : public http::Admission {
 public:
  Place(std::shared_ptr<std::atomic<int>> taken, int max_requests)
      : taken_(std::move(taken)), max_requests_(max_requests) {
    order_ = ++*taken_;
  }
  ~Place() override { --*taken_; }
  // Which one it was when it was taken, from 1.
  int order() const { return order_; }
  std::vector<http::Field> fields() const override { return limit_fields(max_requests_, *taken_); }

 private:
  const std::shared_ptr<std::atomic<int>> taken_;
  const int max_requests_;
  int order_ = 0;
};

std::optional<http::Response> take_place(const std::shared_ptr<std::atomic<int>>& taken,
                                         int max_requests, http::Request& request) {
  auto place = std::make_shared<Place>(taken, max_requests);
  if (place->order() > max_requests) {
    http::Response response = http::error_response(
        429, "this key has " + std::to_string(max_requests) + " requests under way already", {},
        "rate_limit_exceeded");
    response.fields = limit_fields(max_requests, max_requests);
    response.fields.push_back({"Retry-After", std::string(kPlaceRetrySeconds)});
    return response;
  }
  request.admission = std::move(place);
  return std::nullopt;
}

}  // namespace

AccessControl::AccessControl(ApiKeys keys, const AccessOptions& options, const Clock& clock)
    : clock_(clock) {
  change(std::move(keys), options);
}

void AccessControl::change(ApiKeys keys, const AccessOptions& options) {
  auto next = std::make_shared<Rules>();
  const std::scoped_lock lock(mutex_);
  // Also of a key that is gone while it has requests under way: it may come back before they end.
  for (const auto& [name, taken] : rules_ ? rules_->places : std::map<std::string, Count>()) {
    if (*taken > 0) next->places[name] = taken;
  }
  for (const std::string& name : keys.names()) {
    const bool is_known = rules_ && rules_->places.contains(name);
    next->places[name] = is_known ? rules_->places.at(name) : std::make_shared<std::atomic<int>>(0);
  }
  next->keys = std::move(keys);
  next->options = options;
  rules_ = std::move(next);
}

std::shared_ptr<const AccessControl::Rules> AccessControl::rules() const {
  const std::scoped_lock lock(mutex_);
  return rules_;
}

std::optional<http::Response> AccessControl::admit(http::Request& request) {
  const std::shared_ptr<const Rules> rules = this->rules();
  if (rules->keys.is_empty() || is_public(request, rules->options)) return std::nullopt;
  const ShownKey shown = shown_key(request);
  if (shown.count > 1) {
    return http::error_response(400, "a request has one key", {}, "two_keys");
  }
  std::optional<std::string> owner =
      shown.key.empty() ? std::nullopt : rules->keys.owner_of(shown.key);
  if (!owner) return refuse_key(request);
  request.client = *std::move(owner);
  return take_place(rules->places.at(request.client), rules->options.max_requests_per_key, request);
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

}  // namespace youtu
