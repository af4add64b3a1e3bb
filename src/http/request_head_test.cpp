#include "http/request_head.h"

#include <gtest/gtest.h>

#include <string>

namespace youtu::http {
namespace {

using State = RequestHead::State;

// The whole head at once and byte by byte must come to the same end; gives the rejection's status,
// 0 if accepted, -1 if incomplete.
int status_of(const std::string& bytes) {
  RequestHead whole{HeadLimits{}};
  const State state = whole.advance(bytes);
  RequestHead stepwise{HeadLimits{}};
  State last = State::kIncomplete;
  for (size_t n = 1; n <= bytes.size() && last == State::kIncomplete; ++n) {
    last = stepwise.advance(std::string_view(bytes).substr(0, n));
  }
  EXPECT_EQ(state, last) << bytes.substr(0, 80);
  if (state == State::kRejected) {
    EXPECT_EQ(whole.rejection().status, stepwise.rejection().status) << bytes.substr(0, 80);
    return whole.rejection().status;
  }
  return state == State::kComplete ? 0 : -1;
}

std::string with_fields(const std::string& fields) {
  return "POST /chat HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
}

TEST(RequestHead, TakesAnOrdinaryRequestApart) {
  RequestHead head{HeadLimits{}};
  const std::string bytes =
      "POST /chat?x=1 HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 12\r\nConnection: "
      "close\r\n\r\nbody";
  ASSERT_EQ(head.advance(bytes), State::kComplete);
  EXPECT_EQ(head.size(), bytes.size() - 4);
  EXPECT_EQ(head.request().method, "POST");
  EXPECT_EQ(head.request().path, "/chat");
  EXPECT_EQ(head.request().query, "x=1");
  EXPECT_EQ(head.request().authority, "localhost:8080");
  EXPECT_EQ(head.content_length(), 12u);
  EXPECT_TRUE(head.wants_close());
  EXPECT_TRUE(head.has_body());
}

TEST(RequestHead, AnAbsoluteTargetNamesTheHost) {
  RequestHead head{HeadLimits{}};
  ASSERT_EQ(head.advance("GET http://evil:81/health HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            State::kComplete);
  EXPECT_EQ(head.request().authority, "evil:81");
  EXPECT_EQ(head.request().path, "/health");
}

TEST(RequestHead, WaitsForTheRest) {
  EXPECT_EQ(status_of(""), -1);
  EXPECT_EQ(status_of("GET /health HTTP/1.1\r\nHost: a"), -1);
}

TEST(RequestHead, RefusesMalformedRequestLines) {
  EXPECT_EQ(status_of("GET  /health HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET /health HTTP/1.1\nHost: a\n\n"), 400);
  EXPECT_EQ(status_of("GET /health\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET /health HTTP/1.1 \r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET health HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET /health%00.html HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.x\r\n\r\n"), 400);
  EXPECT_EQ(status_of("\x16\x03\x01\x02"), 400);
  EXPECT_EQ(status_of(std::string(33, 'A')), 400);
}

TEST(RequestHead, SpeaksOnlyHttp1) {
  EXPECT_EQ(status_of("GET / HTTP/9.9\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET / HTTP/1.0\r\n\r\n"), 0);
}

TEST(RequestHead, KeepsToItsLimits) {
  EXPECT_EQ(status_of("GET /" + std::string(9000, 'a')), 414);
  EXPECT_EQ(status_of("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n"), 414);
  EXPECT_EQ(status_of(with_fields("A: " + std::string(17'000, 'a') + "\r\n")), 431);
  std::string many;
  for (int i = 0; i < 99; ++i) many += "A: b\r\n";
  EXPECT_EQ(status_of(with_fields(many)), 0);
  EXPECT_EQ(status_of(with_fields(many + "A: b\r\n")), 431);
  const std::string large = "A: " + std::string(15'000, 'a') + "\r\n";
  EXPECT_EQ(status_of(with_fields(large + large)), 0);
  EXPECT_EQ(status_of(with_fields(large + large + large)), 431);
}

TEST(RequestHead, RefusesMalformedFields) {
  EXPECT_EQ(status_of(with_fields("Bad Name: x\r\n")), 400);
  EXPECT_EQ(status_of(with_fields("Name : x\r\n")), 400);
  EXPECT_EQ(status_of(with_fields("N\xc3\xa4me: x\r\n")), 400);
  EXPECT_EQ(status_of(with_fields(std::string("N\0me: x\r\n", 9))), 400);
  EXPECT_EQ(status_of(with_fields(std::string("Name: a\0b\r\n", 11))), 400);
  EXPECT_EQ(status_of(with_fields("Name: a\rb\r\n")), 400);
  EXPECT_EQ(status_of(with_fields("Name: a\r\n folded\r\n")), 400);
  EXPECT_EQ(status_of(with_fields("no colon\r\n")), 400);
  EXPECT_EQ(status_of(with_fields("Name: \xe4\xbd\xa0\r\n")), 0);
}

TEST(RequestHead, RefusesWhateverCouldBeReadInTwoWays) {
  EXPECT_EQ(status_of(with_fields("Host: b\r\n")), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status_of(with_fields("Content-Length: 5\r\nContent-Length: 6\r\n")), 400);
  EXPECT_EQ(status_of(with_fields("Content-Length: 5\r\nContent-Length: 5\r\n")), 400);
  EXPECT_EQ(status_of(with_fields("Content-Length: +5\r\n")), 400);
  EXPECT_EQ(status_of(with_fields("Content-Length: 0x5\r\n")), 400);
  EXPECT_EQ(status_of(with_fields("Content-Length: 5, 5\r\n")), 400);
  EXPECT_EQ(status_of(with_fields("Content-Length:\r\n")), 400);
  EXPECT_EQ(status_of(with_fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(status_of(with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
            400);
  EXPECT_EQ(status_of(with_fields("Transfer-Encoding: chunked, identity\r\n")), 501);
  EXPECT_EQ(status_of(with_fields("Transfer-Encoding: xchunked\r\n")), 501);
  EXPECT_EQ(status_of(with_fields("Transfer-Encoding:\tchunked\r\n")), 501);
  EXPECT_EQ(status_of(with_fields("Transfer-Encoding: \vchunked\r\n")), 400);
  EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(status_of(with_fields("Expect: 200-ok\r\n")), 417);
}

TEST(RequestHead, ALengthBeyond64BitsIsTheLargest) {
  RequestHead head{HeadLimits{}};
  ASSERT_EQ(head.advance(with_fields("Content-Length: 99999999999999999999999\r\n")),
            State::kComplete);
  EXPECT_EQ(head.content_length(), UINT64_MAX);
}

}  // namespace
}  // namespace youtu::http
