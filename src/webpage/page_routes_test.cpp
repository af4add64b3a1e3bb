#include "webpage/page_routes.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "webpage/content_coding.h"

namespace youtu {
namespace {

constexpr PageFile kFiles[] = {
    {"/", "text/html; charset=utf-8", "abc", "<!doctype html>", "GZ", "BR"},
    {"/assets/font-x1.woff2", "font/woff2", "x1", "font", "", ""},
};

http::Response get(const std::string& path, std::vector<http::Field> fields,
                   std::span<const PageFile> files = kFiles) {
  http::Router router;
  add_page_routes(router, files);
  http::Request request;
  request.method = "GET";
  request.path = path;
  request.fields = std::move(fields);
  auto found = router.find(request);
  if (auto* refusal = std::get_if<http::Response>(&found)) return std::move(*refusal);
  return std::get<http::Response>(std::get<const http::Endpoint*>(found)->handler(request));
}

std::string field(const http::Response& response, std::string_view name) {
  for (const http::Field& one : response.fields) {
    if (one.name == name) return one.value;
  }
  return "(none)";
}

TEST(PageRoutes, SendTheSmallestFormThatTheClientTakes) {
  const http::Response plain = get("/", {});
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(plain.body, "<!doctype html>");
  EXPECT_EQ(plain.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(field(plain, "Content-Encoding"), "(none)");
  EXPECT_EQ(field(plain, "ETag"), "\"abc\"");

  const http::Response brotli = get("/", {{"Accept-Encoding", "gzip, deflate, br, zstd"}});
  EXPECT_EQ(brotli.body, "BR");
  EXPECT_EQ(field(brotli, "Content-Encoding"), "br");
  EXPECT_EQ(field(brotli, "ETag"), "\"abc-br\"");
  EXPECT_EQ(field(brotli, "Vary"), "Accept-Encoding");

  EXPECT_EQ(get("/assets/font-x1.woff2", {{"Accept-Encoding", "gzip, br"}}).body, "font");
}

TEST(PageRoutes, ChooseCodingsByName) {
  const Codings both{.gzip = true, .brotli = true};
  EXPECT_EQ(choose_coding("", both), ContentCoding::kIdentity);
  EXPECT_EQ(choose_coding("GZIP", both), ContentCoding::kGzip);
  EXPECT_EQ(choose_coding("br;q=0, gzip;q=0.5", both), ContentCoding::kGzip);
  EXPECT_EQ(choose_coding("br; q=0.000,,gzip;q=0", both), ContentCoding::kIdentity);
  EXPECT_EQ(choose_coding("brotli, gzipx", both), ContentCoding::kIdentity);
  EXPECT_EQ(choose_coding("br", {.gzip = true, .brotli = false}), ContentCoding::kIdentity);
}

TEST(PageRoutes, SayThatNothingHasChanged) {
  for (const char* tags : {"\"abc\"", "\"old\", W/\"abc\"", "*"}) {
    const http::Response response = get("/", {{"If-None-Match", tags}});
    EXPECT_EQ(response.status, 304) << tags;
    EXPECT_EQ(response.body, "") << tags;
    EXPECT_EQ(field(response, "ETag"), "\"abc\"") << tags;
  }
  EXPECT_EQ(get("/", {{"If-None-Match", "\"abc-br\""}}).status, 200);
}

TEST(PageRoutes, KeepAssetsForEverAndAskForThePage) {
  EXPECT_EQ(field(get("/", {}), "Cache-Control"), "no-cache");
  EXPECT_EQ(field(get("/assets/font-x1.woff2", {}), "Cache-Control"),
            "public, max-age=31536000, immutable");
}

TEST(PageRoutes, AllowNothingThatIsNotOurs) {
  const std::string policy = field(get("/", {}), "Content-Security-Policy");
  EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_EQ(policy.find("http"), std::string::npos);
  EXPECT_EQ(field(get("/", {}), "Referrer-Policy"), "no-referrer");
}

TEST(PageRoutes, KnowOnlyTheirFiles) {
  EXPECT_EQ(get("/assets/other.js", {}).status, 404);
  EXPECT_EQ(get("/assets/", {}).status, 404);
}

TEST(PageRoutes, WithoutAPageSaySo) {
  const http::Response response = get("/", {}, {});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
  EXPECT_NE(response.body.find("YOUTU_BUILD_WEB"), std::string::npos);
}

}  // namespace
}  // namespace youtu
