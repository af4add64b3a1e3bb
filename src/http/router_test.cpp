#include "http/router.h"

#include <gtest/gtest.h>

namespace youtu::http {
namespace {

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    router_.add("GET", "/health", [](const Request&) { return Response{}; });
    router_.add("POST", "/chat", [](const Request&) { return Response{}; });
    router_.add("GET", "/things", [](const Request&) { return Response{}; });
    router_.add("GET", "/things/{id}", [](const Request&) { return Response{}; });
    router_.add("DELETE", "/things/{id}", [](const Request&) { return Response{}; });
  }
  // 0 if there is a handler.
  int status(const std::string& method, const std::string& path) {
    Request request;
    request.method = method;
    request.path = path;
    auto found = router_.find(request);
    allow_.clear();
    if (std::holds_alternative<const Endpoint*>(found)) return 0;
    const Response& response = std::get<Response>(found);
    for (const Field& field : response.fields) {
      if (field.name == "Allow") allow_ = field.value;
    }
    return response.status;
  }
  Router router_;
  std::string allow_;
};

TEST_F(RouterTest, ComparesPathsByteByByte) {
  EXPECT_EQ(status("GET", "/health"), 0);
  EXPECT_EQ(status("POST", "/chat"), 0);
  for (const char* path :
       {"//health", "/HEALTH", "/health/", "/%68ealth", "/../../etc/passwd", "/", "", "*"}) {
    EXPECT_EQ(status("GET", path), 404) << path;
  }
}

TEST_F(RouterTest, ANamedSegmentStandsForOne) {
  for (const char* path : {"/things/1", "/things/a.b-c", "/things/%2e", "/things/{id}"}) {
    EXPECT_EQ(status("GET", path), 0) << path;
    EXPECT_EQ(status("DELETE", path), 0) << path;
  }
  for (const char* path :
       {"/things/", "/things/a/b", "/things/a/", "/thing", "/thingsa", "//things/a"}) {
    EXPECT_EQ(status("GET", path), 404) << path;
  }
  EXPECT_EQ(status("POST", "/things/1"), 405);
  EXPECT_EQ(allow_, "GET, HEAD, DELETE");
  Request request;
  request.path = "/things/a.b";
  EXPECT_EQ(request.last_segment(), "a.b");
}

TEST_F(RouterTest, SaysWhichMethodsThereAre) {
  EXPECT_EQ(status("DELETE", "/chat"), 405);
  EXPECT_EQ(allow_, "POST");
  EXPECT_EQ(status("POST", "/health"), 405);
  EXPECT_EQ(allow_, "GET, HEAD");
  EXPECT_EQ(status("HEAD", "/health"), 0);
  EXPECT_EQ(status("OPTIONS", "/chat"), 204);
  EXPECT_EQ(allow_, "POST, OPTIONS");
  EXPECT_EQ(status("CONNECT", "host:443"), 405);
  EXPECT_EQ(status("TRACE", "/"), 405);
  EXPECT_EQ(status("post", "/chat"), 405);
}

}  // namespace
}  // namespace youtu::http
