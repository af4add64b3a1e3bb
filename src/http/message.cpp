#include "http/message.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "base/json.h"

namespace youtu::http {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The families of errors that clients of the OpenAI API know by name; the code says more.
std::string_view error_type(int status) {
  if (status == 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

Json text_or_null(std::string_view text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

void append_field(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ");
  for (const char c : value)
    head.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c);
  head.append("\r\n");
}

bool has_field(const Response& response, std::string_view name) {
  return std::any_of(response.fields.begin(), response.fields.end(),
                     [name](const Field& f) { return equals_ignoring_case(f.name, name); });
}

// The format of RFC 9110, 5.6.7, which must not depend on the locale.
std::string http_date(std::time_t now) {
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                kDays[static_cast<size_t>(utc.tm_wday)], utc.tm_mday,
                kMonths[static_cast<size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                utc.tm_min, utc.tm_sec);
  return text.data();
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string_view> Request::field(std::string_view name) const {
  for (const Field& f : fields) {
    if (equals_ignoring_case(f.name, name)) return f.value;
  }
  return std::nullopt;
}

std::string_view Request::last_segment() const {
  return std::string_view(path).substr(path.rfind('/') + 1);
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

std::string error_body(int status, std::string_view message, std::string_view param,
                       std::string_view code) {
  OrderedJson error;
  error["message"] = message;
  error["type"] = error_type(status);
  error["param"] = text_or_null(param);
  error["code"] = text_or_null(code);
  OrderedJson body;
  body["error"] = std::move(error);
  return body.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

Response error_response(int status, std::string_view message, std::string_view param,
                        std::string_view code) {
  Response response;
  response.status = status;
  response.body = error_body(status, message, param, code);
  return response;
}

std::string response_head(const Response& response, const Framing& framing) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + ' ';
  head.append(reason_phrase(response.status)).append("\r\n");
  append_field(head, "Date", http_date(std::time(nullptr)));
  if (response.stream || !response.body.empty())
    append_field(head, "Content-Type", response.content_type);
  if (framing.chunked) {
    append_field(head, "Transfer-Encoding", "chunked");
  } else if (!response.stream && response.status != 204 && response.status != 304) {
    append_field(head, "Content-Length", std::to_string(response.body.size()));
  }
  if (!has_field(response, "Cache-Control")) append_field(head, "Cache-Control", "no-store");
  append_field(head, "X-Content-Type-Options", "nosniff");
  append_field(head, "X-Request-Id", framing.request_id);
  for (const Field& f : response.fields) append_field(head, f.name, f.value);
  append_field(head, "Connection", framing.keep_alive ? "keep-alive" : "close");
  head.append("\r\n");
  return head;
}

}  // namespace youtu::http
