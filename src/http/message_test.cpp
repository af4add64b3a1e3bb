#include "http/message.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace youtu::http {
namespace {

TEST(ErrorResponse, HasTheFourKeysAndNullsForWhatIsMissing) {
  const Response response =
      error_response(400, "temperature is 9 (0 to 2)", "temperature", "out_of_range");
  EXPECT_EQ(response.status, 400);
  const std::string_view expected =
      R"x({"error":{"message":"temperature is 9 (0 to 2)","type":"invalid_request_error",)x"
      R"x("param":"temperature","code":"out_of_range"}})x";
  EXPECT_EQ(response.body, expected);
  const auto other = parse_json(error_response(503, "full").body);
  ASSERT_TRUE(other);
  EXPECT_EQ((*other)["error"]["type"], "server_error");
  EXPECT_TRUE((*other)["error"]["param"].is_null());
  EXPECT_TRUE((*other)["error"]["code"].is_null());
}

TEST(ErrorResponse, IsJsonWhateverTheMessageHolds) {
  EXPECT_TRUE(parse_json(error_response(400, "bad \xff \"quote\" \n").body));
}

TEST(ResponseHead, SaysLengthTypeAndConnection) {
  Response response;
  response.body = "{}";
  const std::string head = response_head(response, {true, false, "abc"});
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\nDate: "));
  EXPECT_NE(head.find("Content-Type: application/json\r\n"), std::string::npos);
  EXPECT_NE(head.find("Content-Length: 2\r\n"), std::string::npos);
  EXPECT_NE(head.find("X-Request-Id: abc\r\n"), std::string::npos);
  EXPECT_NE(head.find("Connection: keep-alive\r\n"), std::string::npos);
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  EXPECT_NE(response_head(response, {false, true, ""}).find("Transfer-Encoding: chunked\r\n"),
            std::string::npos);
}

TEST(ResponseHead, IsNotStoredUnlessTheAnswerSaysOtherwise) {
  Response response;
  EXPECT_NE(response_head(response, {}).find("Cache-Control: no-store\r\n"), std::string::npos);
  response.fields.push_back({"cache-control", "no-cache"});
  const std::string head = response_head(response, {});
  EXPECT_EQ(head.find("no-store"), std::string::npos);
  EXPECT_NE(head.find("cache-control: no-cache\r\n"), std::string::npos);
}

TEST(ResponseHead, OfNotModifiedHasNoLength) {
  Response response;
  response.status = 304;
  const std::string head = response_head(response, {});
  EXPECT_TRUE(head.starts_with("HTTP/1.1 304 Not Modified\r\n"));
  EXPECT_EQ(head.find("Content-Length"), std::string::npos);
}

TEST(ResponseHead, NoValueCanAddAField) {
  Response response;
  response.fields.push_back({"X-Ignored-Params", "a\r\nSet-Cookie: b"});
  const std::string head = response_head(response, {});
  EXPECT_EQ(head.find("\nSet-Cookie"), std::string::npos);
  EXPECT_NE(head.find("a??Set-Cookie: b"), std::string::npos);
}

TEST(Request, FindsFieldsInAnyCase) {
  Request request;
  request.fields = {{"content-TYPE", "a"}, {"Content-Type", "b"}};
  EXPECT_EQ(request.field("Content-Type"), "a");
  EXPECT_FALSE(request.field("Host"));
}

}  // namespace
}  // namespace youtu::http
