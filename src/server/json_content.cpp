#include "server/json_content.h"

#include <algorithm>
#include <string_view>

#include "server/wire.h"

namespace youtu {

namespace {

// "application/json", with no charset but UTF-8.
bool is_json_content(std::string_view type) {
  const auto trim = [](std::string_view text) {
    const size_t begin = text.find_first_not_of(" \t");
    return begin == std::string_view::npos
               ? std::string_view()
               : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
  };
  const size_t semicolon = std::min(type.find(';'), type.size());
  if (!http::equals_ignoring_case(trim(type.substr(0, semicolon)), "application/json"))
    return false;
  if (semicolon == type.size()) return true;
  const std::string_view parameter = trim(type.substr(semicolon + 1));
  return http::equals_ignoring_case(parameter, "charset=utf-8") ||
         http::equals_ignoring_case(parameter, "charset=\"utf-8\"");
}

}  // namespace

Status check_content(const http::Request& request) {
  if (is_json_content(request.field("Content-Type").value_or(""))) return Status::ok();
  return Status::invalid_argument("the body must have Content-Type: application/json", {},
                                  "content_type");
}

std::optional<http::Response> refuse_content(const http::Request& request) {
  const Status status = check_content(request);
  if (status) return std::nullopt;
  return status_response(status);
}

}  // namespace youtu
