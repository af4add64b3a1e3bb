#include "server/access_control.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace youtu {
namespace {

const std::string kKey(32, 'a');
const std::string kOther(32, 'b');

class AccessControlTest : public ::testing::Test {
 protected:
  AccessControlTest() : access_(keys(), options(), clock_) {}

  static ApiKeys keys() {
    ApiKeys keys;
    EXPECT_TRUE(keys.add("alice", kKey));
    EXPECT_TRUE(keys.add("bob", kOther));
    return keys;
  }
  static AccessOptions options() {
    AccessOptions options;
    options.max_requests_per_key = 2;
    return options;
  }
  static http::Request request(std::vector<http::Field> fields, std::string path = "/chat") {
    http::Request request;
    request.method = "POST";
    request.path = std::move(path);
    request.fields = std::move(fields);
    request.peer_address = "10.0.0.1";
    return request;
  }
  static http::Request with_key(const std::string& key) {
    return request({{"authorization", "Bearer " + key}});
  }
  int status_of(http::Request request) {
    const auto refusal = access_.admit(request);
    return refusal ? refusal->status : 200;
  }

  test::FakeClock clock_;
  AccessControl access_;
};

TEST_F(AccessControlTest, LetsKeysInAndSaysWhoseTheyAre) {
  http::Request one = with_key(kKey);
  EXPECT_FALSE(access_.admit(one).has_value());
  EXPECT_EQ(one.client, "alice");
  http::Request two = request({{"X-Api-Key", kOther}});
  EXPECT_FALSE(access_.admit(two).has_value());
  EXPECT_EQ(two.client, "bob");
}

TEST_F(AccessControlTest, AsksForAKeyEverywhereButInPublic) {
  for (const std::string path :
       {"/chat", "/metrics", "/v1/models", "/health/", "/HEALTH", "/x", "/assets"}) {
    http::Request nobody = request({}, path);
    const auto refusal = access_.admit(nobody);
    ASSERT_TRUE(refusal.has_value()) << path;
    EXPECT_EQ(refusal->status, 401);
    EXPECT_EQ(refusal->fields.front().name, "WWW-Authenticate");
    EXPECT_TRUE(nobody.client.empty());
    clock_.advance(60'000);
  }
  for (const std::string path : {"/health", "/", "/assets/main.js"}) {
    EXPECT_EQ(status_of(request({}, path)), 200) << path;
  }
}

TEST_F(AccessControlTest, RefusesOtherWaysToShowAKey) {
  EXPECT_EQ(status_of(request({{"Authorization", "Basic " + kKey}})), 401);
  EXPECT_EQ(status_of(request({{"Authorization", "Bearer "}})), 401);
  EXPECT_EQ(status_of(request({{"Authorization", kKey}})), 401);
  EXPECT_EQ(status_of(request(
                {{"Authorization", "Bearer " + kKey}, {"Authorization", "Bearer " + kKey}})),
            400);
  http::Request in_query = request({});
  in_query.query = "api_key=" + kKey;
  EXPECT_EQ(status_of(in_query), 401);
}

TEST_F(AccessControlTest, LosesPatienceWithWrongKeysOfOneAddress) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(status_of(with_key("wrong")), 401);
  EXPECT_EQ(status_of(with_key("wrong")), 429);
  EXPECT_EQ(status_of(with_key(kKey)), 200);  // a right key is no trial
  http::Request elsewhere = with_key("wrong");
  elsewhere.peer_address = "10.0.0.2";
  EXPECT_EQ(status_of(elsewhere), 401);
  clock_.advance(10'000);
  EXPECT_EQ(status_of(with_key("wrong")), 401);
}

TEST_F(AccessControlTest, LimitsWhatOneKeyHasUnderWay) {
  http::Request first = with_key(kKey);
  http::Request second = with_key(kKey);
  EXPECT_FALSE(access_.admit(first).has_value());
  EXPECT_FALSE(access_.admit(second).has_value());
  EXPECT_EQ(status_of(with_key(kKey)), 429);
  EXPECT_EQ(status_of(with_key(kOther)), 200);
  second.admission.reset();
  EXPECT_EQ(status_of(with_key(kKey)), 200);
}

TEST_F(AccessControlTest, SaysWhatTheLimitLeaves) {
  const auto said = [](const std::vector<http::Field>& fields) {
    std::string text;
    for (const http::Field& field : fields) text += field.name + ": " + field.value + "\n";
    return text;
  };
  const auto limits = [](const std::string& left, const std::string& reset) {
    return "x-ratelimit-limit-requests: 2\nx-ratelimit-remaining-requests: " + left +
           "\nx-ratelimit-reset-requests: " + reset + "\n";
  };
  http::Request first = with_key(kKey);
  ASSERT_FALSE(access_.admit(first).has_value());
  EXPECT_EQ(said(first.admission->fields()), limits("1", "0s"));
  http::Request second = with_key(kKey);
  ASSERT_FALSE(access_.admit(second).has_value());
  EXPECT_EQ(said(second.admission->fields()), limits("0", "1s"));
  http::Request third = with_key(kKey);
  EXPECT_EQ(said(access_.admit(third)->fields), limits("0", "1s") + "Retry-After: 1\n");
  second.admission.reset();
  EXPECT_EQ(said(first.admission->fields()), limits("1", "0s"));
}

TEST_F(AccessControlTest, KeysAndLimitsMayChange) {
  http::Request of_alice = with_key(kKey);
  http::Request of_bob = with_key(kOther);
  ASSERT_FALSE(access_.admit(of_alice).has_value());
  ASSERT_FALSE(access_.admit(of_bob).has_value());

  ApiKeys renewed;  // bob is gone, alice has another key
  const std::string key(32, 'c');
  ASSERT_TRUE(renewed.add("alice", key));
  AccessOptions narrow;
  narrow.max_requests_per_key = 1;
  access_.change(renewed, narrow);
  EXPECT_EQ(status_of(with_key(kOther)), 401);
  EXPECT_EQ(status_of(with_key(kKey)), 401);
  EXPECT_EQ(status_of(with_key(key)), 429);  // her first request is still under way

  access_.change(keys(), narrow);
  EXPECT_EQ(status_of(with_key(kOther)), 429);  // so is his
  of_alice.admission.reset();
  of_bob.admission.reset();
  EXPECT_EQ(status_of(with_key(kKey)), 200);
  EXPECT_EQ(status_of(with_key(kOther)), 200);

  access_.change(ApiKeys{}, {});
  EXPECT_EQ(status_of(request({})), 200);
}

TEST_F(AccessControlTest, WithoutKeysEverybodyMayComeIn) {
  AccessControl open(ApiKeys{}, {}, clock_);
  http::Request anybody = request({});
  EXPECT_FALSE(open.admit(anybody).has_value());
}

}  // namespace
}  // namespace youtu
