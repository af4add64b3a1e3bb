// The strict look at a request's head, before the library's parser sees it.
//
// Servers and proxies that read a doubtful head differently can be played against each other
// (request smuggling), so whatever RFC 9112 leaves doubtful is refused here, each with the status
// that says what is wrong. The head is looked at as it arrives, every byte once; nothing larger
// than the limits is ever kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace youtu::http {

struct HeadLimits {
  size_t max_request_line_bytes = 8u << 10;
  size_t max_field_bytes = 16u << 10;
  size_t max_fields_bytes = 32u << 10;  // all of them together
  size_t max_fields = 100;
};

// Why a request gets no handler.
struct Rejection {
  int status = 400;
  std::string code;
  std::string message;
};

class RequestHead {
 public:
  enum class State { kIncomplete, kComplete, kRejected };

  explicit RequestHead(const HeadLimits& limits) : limits_(limits) {}

  // REQUIRES: `bytes` begins with what earlier calls were given, and earlier calls returned
  // kIncomplete.
  State advance(std::string_view bytes);

  const Rejection& rejection() const { return rejection_; }  // after kRejected

  // After kComplete.
  size_t size() const { return position_; }
  Request& request() { return request_; }
  const std::optional<uint64_t>& content_length() const { return content_length_; }
  bool chunked() const { return chunked_; }
  bool has_body() const { return chunked_ || content_length_.value_or(0) > 0; }
  bool expects_continue() const { return expects_continue_; }
  bool wants_close() const { return wants_close_; }

 private:
  State reject(int status, std::string code, std::string message);
  bool take_line(std::string_view line);
  bool take_request_line(std::string_view line);
  bool take_target(std::string_view target);
  bool take_version(std::string_view version);
  bool take_field(std::string_view line);
  bool take_meaning(std::string_view name, std::string_view raw_value, std::string_view value);
  bool take_content_length(std::string_view value);
  bool take_transfer_encoding(std::string_view raw_value);
  bool finish();
  bool check_partial_line(std::string_view line);

  HeadLimits limits_;
  size_t position_ = 0;  // start of the line that is not complete yet
  size_t scanned_ = 0;   // no line end before this
  size_t fields_bytes_ = 0;
  bool has_request_line_ = false;
  int num_hosts_ = 0;
  std::optional<uint64_t> content_length_;
  bool chunked_ = false;
  bool expects_continue_ = false;
  bool wants_close_ = false;
  Request request_;
  Rejection rejection_;
};

}  // namespace youtu::http
