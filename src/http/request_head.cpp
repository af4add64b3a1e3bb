#include "http/request_head.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace youtu::http {

namespace {

constexpr size_t kMaxMethodBytes = 32;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// tchar of RFC 9110, 5.6.2.
bool is_token_char(char c) {
  if (is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

// Visible ASCII, as a request target must be.
bool is_target_char(char c) {
  return c > 0x20 && c < 0x7f && c != '#';
}

// A field value: no control character but the tab. Bytes above ASCII are allowed and mean nothing
// to us.
bool is_value_char(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

std::string_view trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Every '%' begins an escape, and none of them hides a NUL.
bool has_sound_escapes(std::string_view target) {
  for (size_t i = target.find('%'); i != std::string_view::npos; i = target.find('%', i + 1)) {
    if (i + 2 >= target.size() || !is_hex(target[i + 1]) || !is_hex(target[i + 2])) return false;
    if (target.substr(i + 1, 2) == "00") return false;
  }
  return true;
}

bool list_contains(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    if (equals_ignoring_case(trim(list.substr(0, comma)), word)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

RequestHead::State RequestHead::reject(int status, std::string code, std::string message) {
  rejection_ = {status, std::move(code), std::move(message)};
  return State::kRejected;
}

RequestHead::State RequestHead::advance(std::string_view bytes) {
  for (;;) {
    const size_t end = bytes.find('\n', std::max(scanned_, position_));
    scanned_ = bytes.size();
    if (end == std::string_view::npos) {
      return check_partial_line(bytes.substr(position_)) ? State::kIncomplete : State::kRejected;
    }
    std::string_view line = bytes.substr(position_, end - position_);
    // Also what is complete must keep to the limits: a whole head may arrive in one read.
    if (!check_partial_line(line)) return State::kRejected;
    if (line.empty() || line.back() != '\r') {
      return reject(400, "bad_request", "a line of the head does not end in CRLF");
    }
    line.remove_suffix(1);
    position_ = end + 1;
    scanned_ = position_;
    if (line.empty() && has_request_line_) return finish() ? State::kComplete : State::kRejected;
    if (!take_line(line)) return State::kRejected;
  }
}

// A line that is too long is refused before its end arrives, and so is what cannot become a request
// line: a TLS handshake on the plain port should not wait for the timer.
bool RequestHead::check_partial_line(std::string_view line) {
  if (!has_request_line_) {
    const size_t space = line.find(' ');
    const std::string_view method = line.substr(0, std::min(space, line.size()));
    const bool ends_here = space == std::string_view::npos && !line.empty() && line.back() == '\r';
    if (method.size() > kMaxMethodBytes ||
        !std::all_of(method.begin(), method.end() - (ends_here ? 1 : 0), is_token_char)) {
      reject(400, "bad_request", "the request line does not begin with a method");
      return false;
    }
    if (line.size() > limits_.max_request_line_bytes) {
      reject(414, "uri_too_long",
             "the request line is longer than " + std::to_string(limits_.max_request_line_bytes) +
                 " bytes");
      return false;
    }
    return true;
  }
  if (line.size() > limits_.max_field_bytes) {
    reject(431, "header_too_large",
           "a header field is larger than " + std::to_string(limits_.max_field_bytes) + " bytes");
    return false;
  }
  if (fields_bytes_ + line.size() > limits_.max_fields_bytes) {
    reject(
        431, "header_too_large",
        "the header fields are larger than " + std::to_string(limits_.max_fields_bytes) + " bytes");
    return false;
  }
  return true;
}

bool RequestHead::take_line(std::string_view line) {
  if (!has_request_line_) {
    has_request_line_ = true;
    return take_request_line(line);
  }
  fields_bytes_ += line.size() + 2;
  if (request_.fields.size() == limits_.max_fields) {
    reject(431, "too_many_headers",
           "more than " + std::to_string(limits_.max_fields) + " header fields");
    return false;
  }
  return take_field(line);
}

bool RequestHead::take_request_line(std::string_view line) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || !is_token(line.substr(0, first))) {
    reject(400, "bad_request", "the request line is not \"METHOD target HTTP/1.1\"");
    return false;
  }
  request_.method = line.substr(0, first);
  return take_version(line.substr(last + 1)) &&
         take_target(line.substr(first + 1, last - first - 1));
}

bool RequestHead::take_version(std::string_view version) {
  const bool well_formed = version.size() == 8 && version.starts_with("HTTP/") &&
                           is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
  if (!well_formed) {
    reject(400, "bad_request", "the request line does not end in HTTP/1.1");
    return false;
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    reject(505, "http_version", "only HTTP/1.1 and HTTP/1.0 are spoken here");
    return false;
  }
  request_.minor_version = version[7] - '0';
  return true;
}

bool RequestHead::take_target(std::string_view target) {
  if (target.empty() || !std::all_of(target.begin(), target.end(), is_target_char) ||
      !has_sound_escapes(target)) {
    reject(400, "bad_request", "the request target is malformed");
    return false;
  }
  if (const std::string_view scheme = "http://";
      equals_ignoring_case(target.substr(0, scheme.size()), scheme)) {
    target.remove_prefix(scheme.size());
    const size_t end = std::min(target.find_first_of("/?"), target.size());
    request_.authority = target.substr(0, end);
    target.remove_prefix(end);
    if (request_.authority.empty()) {
      reject(400, "bad_request", "the request target names no host");
      return false;
    }
    if (target.empty()) target = "/";
  } else if (target.front() != '/' && request_.method != "CONNECT" && target != "*") {
    reject(400, "bad_request", "the request target is not a path");
    return false;
  }
  const size_t question = std::min(target.find('?'), target.size());
  request_.path = target.substr(0, question);
  if (question < target.size()) request_.query = target.substr(question + 1);
  return true;
}

bool RequestHead::take_field(std::string_view line) {
  const size_t colon = line.find(':');
  const std::string_view name = line.substr(0, std::min(colon, line.size()));
  if (colon == std::string_view::npos || !is_token(name)) {
    reject(400, "bad_request", "a header field has no well-formed name");
    return false;
  }
  const std::string_view raw_value = line.substr(colon + 1);
  if (!std::all_of(raw_value.begin(), raw_value.end(), is_value_char)) {
    reject(400, "bad_request", "a header field contains a control character");
    return false;
  }
  const std::string_view value = trim(raw_value);
  request_.fields.push_back({std::string(name), std::string(value)});
  return take_meaning(name, raw_value, value);
}

// The fields that decide where a message ends and who it is for.
bool RequestHead::take_meaning(std::string_view name, std::string_view raw_value,
                               std::string_view value) {
  if (equals_ignoring_case(name, "Content-Length")) return take_content_length(value);
  if (equals_ignoring_case(name, "Transfer-Encoding")) return take_transfer_encoding(raw_value);
  if (equals_ignoring_case(name, "Host")) {
    if (++num_hosts_ > 1) {
      reject(400, "bad_request", "more than one Host field");
      return false;
    }
    if (request_.authority.empty()) request_.authority = value;
  } else if (equals_ignoring_case(name, "Connection")) {
    wants_close_ = wants_close_ || list_contains(value, "close");
  } else if (equals_ignoring_case(name, "Expect")) {
    if (!equals_ignoring_case(value, "100-continue")) {
      reject(417, "expectation_failed", "only Expect: 100-continue can be met");
      return false;
    }
    expects_continue_ = true;
  }
  return true;
}

bool RequestHead::take_content_length(std::string_view value) {
  uint64_t length = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
  const bool is_number = !value.empty() && std::all_of(value.begin(), value.end(), is_digit);
  if (!is_number || content_length_) {
    reject(400, "bad_request",
           content_length_ ? "more than one Content-Length" : "Content-Length is no number");
    return false;
  }
  // A number too large for 64 bits is too large for every limit.
  content_length_ = error == std::errc() ? length : UINT64_MAX;
  return true;
}

bool RequestHead::take_transfer_encoding(std::string_view raw_value) {
  // One field, one coding, one spelling of the white space: what else there is has been used to
  // smuggle.
  if (chunked_ || request_.minor_version == 0) {
    reject(400, "bad_request",
           chunked_ ? "more than one Transfer-Encoding" : "Transfer-Encoding in HTTP/1.0");
    return false;
  }
  while (raw_value.starts_with(' ')) raw_value.remove_prefix(1);
  while (raw_value.ends_with(' ')) raw_value.remove_suffix(1);
  if (!equals_ignoring_case(raw_value, "chunked")) {
    reject(501, "transfer_encoding", "the only Transfer-Encoding is chunked");
    return false;
  }
  chunked_ = true;
  return true;
}

bool RequestHead::finish() {
  if (chunked_ && content_length_) {
    reject(400, "bad_request", "both Content-Length and Transfer-Encoding");
    return false;
  }
  if (num_hosts_ == 0 && request_.minor_version == 1) {
    reject(400, "bad_request", "no Host field");
    return false;
  }
  if (request_.minor_version == 0) wants_close_ = true;
  return true;
}

}  // namespace youtu::http
