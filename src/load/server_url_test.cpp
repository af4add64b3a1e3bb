#include "load/server_url.h"

#include <gtest/gtest.h>

namespace youtu::load {
namespace {

TEST(ServerUrl, TakesHostPortAndPath) {
  const auto url = parse_server_url("http://127.0.0.1:8080/");
  ASSERT_TRUE(url.is_ok());
  EXPECT_EQ(url->host, "127.0.0.1");
  EXPECT_EQ(url->port, "8080");
  EXPECT_EQ(url->path, "");
  EXPECT_EQ(url->host_field, "127.0.0.1:8080");
  EXPECT_EQ(parse_server_url("http://example.org/a/b//")->path, "/a/b");
  EXPECT_EQ(parse_server_url("http://example.org")->port, "80");
}

TEST(ServerUrl, TakesIpv6Literals) {
  const auto url = parse_server_url("http://[::1]:9");
  ASSERT_TRUE(url.is_ok());
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, "9");
  EXPECT_EQ(url->host_field, "[::1]:9");
}

TEST(ServerUrl, RefusesWhatItCannotReach) {
  for (const char* text :
       {"", "localhost:8080", "https://a", "ftp://a", "http://", "http://:80",
        "http://a:", "http://a:0", "http://a:65536", "http://a:8x", "http://u@a", "http://a/?q",
        "http://a#f", "http://a b", "http://[::1", "http://[::1]8", "http://a\r\nX: y"}) {
    const auto url = parse_server_url(text);
    ASSERT_FALSE(url.is_ok()) << text;
    EXPECT_EQ(url.status().param(), "--url");
    EXPECT_EQ(url.status().message().find('\n'), std::string::npos) << text;
  }
  EXPECT_FALSE(parse_server_url("http://" + std::string(3000, 'a')).is_ok());
}

}  // namespace
}  // namespace youtu::load
