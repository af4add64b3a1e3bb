// Status and Result<T>: how a call of ours says that it failed. Bad input is a Status; a bug is a
// CHECK (src/base/check.h). No exception of ours leaves a library call.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace youtu {

enum class StatusCode {
  kOk,
  kInvalidArgument,     // the caller's value is wrong in itself
  kNotFound,            // no such file, tensor, path, model
  kFailedPrecondition,  // right in itself, but not in this state
  kResourceExhausted,   // a named limit is reached; trying later may help
  kUnavailable,         // loading, draining, or not built in
  kCancelled,
  kInternal,  // a request met a condition that we did not foresee; that request only
};

// An error carries one sentence for people, and for programs the offending parameter and a short
// reason such as "out_of_range". `param` and `reason` may be empty.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message, std::string param = {}, std::string reason = {})
      : code_(code),
        message_(std::move(message)),
        param_(std::move(param)),
        reason_(std::move(reason)) {}

  static Status ok() { return {}; }
  static Status invalid_argument(std::string message, std::string param = {},
                                 std::string reason = {}) {
    return {StatusCode::kInvalidArgument, std::move(message), std::move(param), std::move(reason)};
  }
  static Status not_found(std::string message) {
    return {StatusCode::kNotFound, std::move(message)};
  }
  static Status failed_precondition(std::string message) {
    return {StatusCode::kFailedPrecondition, std::move(message)};
  }
  static Status resource_exhausted(std::string message, std::string reason = {}) {
    return {StatusCode::kResourceExhausted, std::move(message), {}, std::move(reason)};
  }
  static Status unavailable(std::string message) {
    return {StatusCode::kUnavailable, std::move(message)};
  }
  static Status cancelled(std::string message) {
    return {StatusCode::kCancelled, std::move(message)};
  }
  static Status internal(std::string message) {
    return {StatusCode::kInternal, std::move(message)};
  }

  bool is_ok() const { return code_ == StatusCode::kOk; }
  explicit operator bool() const { return is_ok(); }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::string& param() const { return param_; }
  const std::string& reason() const { return reason_; }

  // When trying again may help: in so many seconds. 0: unknown.
  double retry_after_seconds() const { return retry_after_seconds_; }
  Status with_retry_after(double seconds) const {
    Status status = *this;
    status.retry_after_seconds_ = seconds;
    return status;
  }

  // The same error with `prefix` before its message: "config.json: hidden_size is 0 (1 to 65536)".
  Status with_prefix(std::string_view prefix) const {
    Status status = *this;
    status.message_.insert(0, prefix);
    return status;
  }

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
  std::string param_;
  std::string reason_;
  double retry_after_seconds_ = 0;
};

std::string_view to_string(StatusCode code);

// A value, or the Status that says why there is none. value() on an error aborts: test first.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT: implicit on purpose
  Result(Status status) : status_(std::move(status)) {}  // NOLINT: implicit on purpose

  bool is_ok() const { return value_.has_value(); }
  explicit operator bool() const { return is_ok(); }
  const Status& status() const { return status_; }

  T& value() & { return value_.value(); }
  const T& value() const& { return value_.value(); }
  T&& value() && { return std::move(value_).value(); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace youtu
