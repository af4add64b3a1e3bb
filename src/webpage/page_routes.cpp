#include "webpage/page_routes.h"

#include <string>
#include <string_view>
#include <utility>

#include "webpage/content_coding.h"

namespace youtu {

namespace {

// Whatever a model may write, the page runs no script and loads no byte that is not a file of this
// program. Styles of single elements are set by script (CSSOM), which needs no permission here.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types dompurify";

constexpr std::string_view kNoPage =
    "This is youtu serve. It was built without its web page (YOUTU_BUILD_WEB=OFF).\n"
    "Ask it with: curl -H 'Content-Type: application/json' -d '{\"prompt\": \"hello\"}' "
    "<url>/chat\n";

// The page may be another one tomorrow and is asked for each time; names of assets have a hash in
// them, so that their content never changes.
std::string_view cache_rule(const PageFile& file) {
  return file.path == "/" ? "no-cache" : "public, max-age=31536000, immutable";
}

std::string_view coded_bytes(const PageFile& file, ContentCoding coding) {
  switch (coding) {
    case ContentCoding::kBrotli:
      return file.brotli;
    case ContentCoding::kGzip:
      return file.gzip;
    case ContentCoding::kIdentity:
      break;
  }
  return file.bytes;
}

// What each answer says of itself; a 304 says it again.
std::vector<http::Field> page_fields(const PageFile& file, const std::string& etag) {
  std::vector<http::Field> fields = {
      {"Cache-Control", std::string(cache_rule(file))},
      {"ETag", etag},
      {"Vary", "Accept-Encoding"},
      {"Content-Security-Policy", std::string(kContentSecurityPolicy)},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
      {"Referrer-Policy", "no-referrer"},
      {"X-Frame-Options", "DENY"},
  };
  return fields;
}

http::Response send_file(const PageFile& file, const http::Request& request) {
  const ContentCoding coding =
      choose_coding(request.field("Accept-Encoding").value_or(""),
                    {.gzip = !file.gzip.empty(), .brotli = !file.brotli.empty()});
  std::string etag = '"' + std::string(file.hash);
  if (coding != ContentCoding::kIdentity) etag.append("-").append(to_string(coding));
  etag += '"';
  http::Response response;
  response.fields = page_fields(file, etag);
  if (has_etag(request.field("If-None-Match").value_or(""), etag)) {
    response.status = 304;
    return response;
  }
  response.content_type = file.content_type;
  response.body = coded_bytes(file, coding);
  if (coding != ContentCoding::kIdentity) {
    response.fields.push_back({"Content-Encoding", std::string(to_string(coding))});
  }
  return response;
}

http::Response say_there_is_no_page(const http::Request&) {
  http::Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = kNoPage;
  return response;
}

}  // namespace

void add_page_routes(http::Router& router, std::span<const PageFile> files) {
  if (files.empty()) return router.add("GET", "/", say_there_is_no_page);
  for (const PageFile& file : files) {
    router.add("GET", std::string(file.path),
               [file](const http::Request& request) { return send_file(file, request); });
  }
}

}  // namespace youtu
