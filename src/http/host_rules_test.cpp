#include "http/host_rules.h"

#include <gtest/gtest.h>

namespace youtu::http {
namespace {

int host_status(const std::string& authority, const HostRules& rules = {}) {
  Request request;
  request.authority = authority;
  const auto rejection = check_host(request, rules);
  return rejection ? rejection->status : 0;
}

int origin_status(const std::string& origin, const HostRules& rules = {}) {
  Request request;
  request.authority = "localhost:8080";
  request.fields.push_back({"Origin", origin});
  const auto rejection = check_origin(request, rules);
  return rejection ? rejection->status : 0;
}

TEST(CheckHost, AnswersToTheMachineItself) {
  for (const char* host :
       {"localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:8080"}) {
    EXPECT_EQ(host_status(host), 0) << host;
  }
}

TEST(CheckHost, RefusesNamesThatCouldBeRebound) {
  for (const char* host :
       {"evil.com", "localhost.evil.com", "127.0.0.1.nip.io", "127.0.0.1.", "8.8.8.8"}) {
    EXPECT_EQ(host_status(host), 403) << host;
  }
}

TEST(CheckHost, RefusesMalformedAuthorities) {
  for (const char* host :
       {"", ":80", "localhost:99999", "localhost:", "localhost:-1", "localhost:8a", "a b",
        "user@localhost", "[::1", "[::x]", "[::1]x", "local\"host"}) {
    EXPECT_EQ(host_status(host), 400) << host;
  }
}

TEST(CheckHost, HonoursConfigurationAndAddressesOfAnOpenServer) {
  HostRules rules;
  rules.hosts.push_back("chat.example.org");
  EXPECT_EQ(host_status("chat.example.org:443", rules), 0);
  EXPECT_EQ(host_status("192.168.1.5", rules), 403);
  rules.only_loopback = false;
  EXPECT_EQ(host_status("192.168.1.5", rules), 0);
  EXPECT_EQ(host_status("evil.com", rules), 403);
}

TEST(CheckOrigin, OnlyOurOwnPagesAndListedOnes) {
  EXPECT_EQ(origin_status("http://localhost:8080"), 0);
  EXPECT_EQ(origin_status("https://localhost:8080"), 0);
  EXPECT_EQ(origin_status("http://localhost:9999"), 403);
  EXPECT_EQ(origin_status("https://evil.com"), 403);
  EXPECT_EQ(origin_status("null"), 403);
  EXPECT_EQ(origin_status("http://localhost:8080.evil.com"), 403);
  HostRules rules;
  rules.origins.push_back("https://chat.example.org");
  EXPECT_EQ(origin_status("https://chat.example.org", rules), 0);
  EXPECT_FALSE(check_origin(Request{}, rules));
}

TEST(IsLoopbackAddress, KnowsBothFamilies) {
  EXPECT_TRUE(is_loopback_address("127.0.0.1"));
  EXPECT_TRUE(is_loopback_address("::1"));
  EXPECT_TRUE(is_loopback_address("[::1]"));
  EXPECT_FALSE(is_loopback_address("0.0.0.0"));
  EXPECT_FALSE(is_loopback_address("::"));
  EXPECT_FALSE(is_loopback_address("localhost"));
}

}  // namespace
}  // namespace youtu::http
