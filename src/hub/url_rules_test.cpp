#include "hub/url_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace youtu::hub {
namespace {

using ::testing::HasSubstr;

Url url(const char* text) {
  const Result<Url> parsed = parse_url(text);
  EXPECT_TRUE(parsed) << parsed.status().message();
  return parsed ? *parsed : Url{};
}

TEST(UrlRules, ReadsUrls) {
  EXPECT_EQ(url("https://HuggingFace.co/a?b"), (Url{"https", "huggingface.co", 443}));
  EXPECT_EQ(url("http://[::1]:8080/"), (Url{"http", "::1", 8080}));
  for (const char* bad :
       {"", "huggingface", "ftp://a/", "file:///etc/passwd", "https://a b/", "https://user@a/",
        "https://a\\@b/", "https://", "https://a:99999/", "https://a\n"}) {
    EXPECT_FALSE(parse_url(bad)) << bad;
  }
}

TEST(UrlRules, KnowWhoseAnAddressIs) {
  for (const auto& [host, reach] : {std::pair{"8.8.8.8", Reach::kPublic},
                                    {"huggingface.co", Reach::kPublic},
                                    {"2001:db8::1", Reach::kPublic},
                                    {"127.9.9.9", Reach::kLoopback},
                                    {"::1", Reach::kLoopback},
                                    {"localhost", Reach::kLoopback},
                                    {"::ffff:127.0.0.1", Reach::kLoopback},
                                    {"10.1.2.3", Reach::kPrivate},
                                    {"172.31.0.1", Reach::kPrivate},
                                    {"172.32.0.1", Reach::kPublic},
                                    {"192.168.0.1", Reach::kPrivate},
                                    {"100.64.0.1", Reach::kPrivate},
                                    {"fd00::1", Reach::kPrivate},
                                    {"169.254.169.254", Reach::kForbidden},
                                    {"::ffff:169.254.169.254", Reach::kForbidden},
                                    {"fe80::1", Reach::kForbidden},
                                    {"0.0.0.0", Reach::kForbidden},
                                    {"224.0.0.1", Reach::kForbidden},
                                    {"255.255.255.255", Reach::kForbidden},
                                    {"::", Reach::kForbidden}}) {
    EXPECT_EQ(reach_of_host(host), reach) << host;
  }
}

TEST(UrlRules, RedirectsNeverLeadFurtherIn) {
  SCOPED_TRACE("D05");
  const auto check = [](const char* from, const char* to) {
    return check_redirect(url(from), url(to), reach_of_host(url(from).host));
  };
  EXPECT_TRUE(check("https://huggingface.co/", "https://cdn.hf.co/x"));
  EXPECT_TRUE(check("http://127.0.0.1:1/", "http://127.0.0.1:2/"));
  EXPECT_TRUE(check("http://10.0.0.1/", "https://10.0.0.2/"));
  EXPECT_TRUE(check("http://127.0.0.1:1/", "https://cdn.hf.co/x"));
  EXPECT_THAT(check("https://huggingface.co/", "http://huggingface.co/").message(),
              HasSubstr("not https"));
  EXPECT_THAT(check("https://127.0.0.1/", "http://127.0.0.1/").message(), HasSubstr("not https"));
  for (const char* inside : {"https://127.0.0.1/", "https://10.0.0.1/", "https://169.254.169.254/",
                             "https://[::1]/", "https://localhost/"}) {
    EXPECT_THAT(check("https://huggingface.co/", inside).message(),
                HasSubstr("not of the public network"))
        << inside;
  }
  EXPECT_FALSE(check("https://10.0.0.1/", "https://127.0.0.1/"));
  EXPECT_FALSE(check("https://127.0.0.1/", "https://169.254.169.254/"));
}

}  // namespace
}  // namespace youtu::hub
