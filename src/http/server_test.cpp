#include "http/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "http/sse.h"
#include "tests/support/raw_client.h"

namespace youtu::http {
namespace {

using namespace std::chrono_literals;
using test::RawClient;
using test::RawResponse;

// What the tests put into a pending answer from outside, and what they learn about it.
class Feed {
 public:
  void push(std::string bytes, bool done = false) {
    const std::lock_guard lock(mutex_);
    chunks_.push_back({std::move(bytes), done});
  }
  std::optional<BodyStream::Chunk> pop() {
    const std::lock_guard lock(mutex_);
    ++num_polls_;
    if (chunks_.empty()) return std::nullopt;
    BodyStream::Chunk chunk = std::move(chunks_.front());
    chunks_.pop_front();
    return chunk;
  }
  void opened() { ++num_open_; }
  void closed() {
    const std::lock_guard lock(mutex_);
    --num_open_;
    all_closed_.notify_all();
  }
  bool wait_until_closed() {
    std::unique_lock lock(mutex_);
    return all_closed_.wait_for(lock, 20s, [this] { return num_open_ == 0; });
  }
  int num_open() const { return num_open_; }
  int num_polls() const { return num_polls_; }

 private:
  std::mutex mutex_;
  std::condition_variable all_closed_;
  std::deque<BodyStream::Chunk> chunks_;
  std::atomic<int> num_open_{0};
  std::atomic<int> num_polls_{0};
};

class FedStream : public BodyStream {
 public:
  explicit FedStream(Feed& feed) : feed_(feed) { feed_.opened(); }
  ~FedStream() override { feed_.closed(); }
  Chunk poll() override { return feed_.pop().value_or(Chunk{}); }
  std::string_view heartbeat() const override { return ": ping\n\n"; }

 private:
  Feed& feed_;
};

class FedResponse : public PendingResponse {
 public:
  explicit FedResponse(Feed& feed) : feed_(feed) { feed_.opened(); }
  ~FedResponse() override { feed_.closed(); }
  std::optional<Response> poll() override {
    auto chunk = feed_.pop();
    if (!chunk) return std::nullopt;
    Response response;
    response.body = std::move(chunk->bytes);
    return response;
  }

 private:
  Feed& feed_;
};

class ServerTest : public ::testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    options.port = 0;
    auto server = Server::bind(options);
    ASSERT_TRUE(server) << server.status().message();
    server_ = std::move(*server);
    Router router;
    router.add("GET", "/health", [](const Request&) {
      Response response;
      response.body = "{\"ok\":true}";
      return response;
    });
    router.add("POST", "/echo", [](const Request& request) {
      Response response;
      response.body = request.body;
      return response;
    });
    router.add("GET", "/peer", [](const Request& request) {
      Response response;
      response.body = request.peer_address;
      return response;
    });
    router.add("POST", "/throw", [](const Request&) -> Reply { throw std::runtime_error("no"); });
    router.add("POST", "/stream", [this](const Request&) {
      Response response;
      response.content_type = kSseContentType;
      response.stream = std::make_unique<FedStream>(feed_);
      return response;
    });
    router.add("POST", "/later",
               [this](const Request&) -> Reply { return std::make_unique<FedResponse>(feed_); });
    router.add(
        "POST", "/full",
        [this](const Request&) {
          ++num_full_handled_;
          return Response{};
        },
        [this]() -> std::optional<Response> {
          if (has_room_) return std::nullopt;
          Response refusal = error_response(503, "full");
          refusal.fields.push_back({"Retry-After", "60"});
          return refusal;
        });
    server_->start(std::move(router));
  }
  int port() const { return server_->port(); }
  void feed(std::string bytes, bool done = false) {
    feed_.push(std::move(bytes), done);
    server_->wake();
  }

  Feed feed_;
  std::atomic<bool> has_room_{true};
  std::atomic<int> num_full_handled_{0};
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  start();
  RawClient client(port());
  for (int i = 0; i < 3; ++i) {
    client.send("GET /health HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: abc-1\r\n\r\n");
    const RawResponse response = client.read_response();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "{\"ok\":true}");
    EXPECT_EQ(response.fields.at("x-request-id"), "abc-1");
    EXPECT_EQ(response.fields.at("connection"), "keep-alive");
  }
}

TEST_F(ServerTest, TellsHandlersWhoAsks) {
  start();
  EXPECT_EQ(test::get(port(), "/peer").body, "127.0.0.1");
}

TEST_F(ServerTest, MakesRequestIdsOfItsOwn) {
  start();
  const std::string first = test::get(port(), "/health").fields.at("x-request-id");
  const std::string second = test::get(port(), "/health").fields.at("x-request-id");
  EXPECT_TRUE(first.starts_with("req-"));
  EXPECT_NE(first, second);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  RawClient client(port());
  std::string requests;
  for (int i = 0; i < 10; ++i)
    requests += test::post_request("/echo", "\"" + std::to_string(i) + "\"");
  client.send(requests + "GARBAGE\r\n\r\n");
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(client.read_response().body, "\"" + std::to_string(i) + "\"");
  EXPECT_EQ(client.read_response().status, 400);
  EXPECT_TRUE(client.closed_by_server());
}

// The connection stays open after a refusal, and what was refused is over.
TEST_F(ServerTest, ARefusedRequestIsAnsweredOnce) {
  ServerOptions options;
  options.gate = [](Request& request) {
    if (request.path != "/secret") return std::optional<Response>();
    return std::optional<Response>(error_response(401, "no"));
  };
  start(options);
  RawClient client(port());
  for (const auto& [path, status] : {std::pair("/nothing", 404), {"/secret", 401}}) {
    client.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n" +
                test::post_request("/echo", "\"next\""));
    EXPECT_EQ(client.read_response().status, status);
    EXPECT_EQ(client.read_response().body, "\"next\"");
  }
}

// The connection stays, so its client comes back at little cost. If it comes before its time, its
// refusal takes a while, but an answer does not.
TEST_F(ServerTest, AnEndpointWithoutRoomRefusesWithoutAWorker) {
  start();
  RawClient client(port());
  const auto status = [&client] {
    client.send(test::post_request("/full", "{}"));
    return client.read_response().status;
  };
  EXPECT_EQ(status(), 200);
  has_room_ = false;
  EXPECT_EQ(status(), 503);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(status(), 503);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 25ms);
  EXPECT_EQ(num_full_handled_, 1);
  has_room_ = true;
  EXPECT_EQ(status(), 200);
  EXPECT_EQ(num_full_handled_, 2);
}

// Refusals that come one after another are worked off in rounds. Each is answered all the same, a
// stream goes on beside them, and so do answers as soon as there is room.
TEST_F(ServerTest, ManyRefusalsLeaveNobodyWithout) {
  start();
  has_room_ = false;
  RawClient reader(port());
  reader.send(test::post_request("/stream", "{}"));
  feed("begin ");
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 30; ++i) clients.push_back(std::make_unique<RawClient>(port()));
  for (int round = 0; round < 3; ++round) {
    for (const auto& client : clients) client->send(test::post_request("/full", "{}"));
    feed(std::to_string(round));
    for (const auto& client : clients) EXPECT_EQ(client->read_response().status, 503);
  }
  EXPECT_EQ(server_->stats().responses.at(503), 90);
  EXPECT_EQ(num_full_handled_, 0);
  has_room_ = true;
  for (const auto& client : clients) client->send(test::post_request("/full", "{}"));
  for (const auto& client : clients) EXPECT_EQ(client->read_response().status, 200);
  feed(" end", true);
  EXPECT_EQ(reader.read_response().body, "begin 012 end");
}

// Who watches is told of each exchange, and what the gate lent is given back behind it.
TEST_F(ServerTest, TellsOfEachExchange) {
  std::mutex mutex;
  std::vector<std::string> told;
  std::atomic<int> lent{0};
  struct Loan : Admission {
    explicit Loan(std::atomic<int>& count) : lent(count) { ++lent; }
    ~Loan() override { --lent; }
    std::vector<Field> fields() const override { return {{"X-Loan", "1"}}; }
    std::atomic<int>& lent;
  };
  ServerOptions options;
  options.gate = [&lent](Request& request) {
    request.client = "alice";
    request.admission = std::make_shared<Loan>(lent);
    return std::optional<Response>();
  };
  options.on_exchange = [&](const ExchangeRecord& record) {
    const std::lock_guard lock(mutex);
    told.push_back(record.request.client + " " + record.request.path + " " +
                   std::to_string(record.status));
    EXPECT_TRUE(record.is_complete);
    EXPECT_GT(record.bytes_sent, 0);
    EXPECT_EQ(lent, 1);
  };
  start(options);
  RawClient client(port());
  client.send(test::post_request("/echo", "1") +
              "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const RawResponse first = client.read_response();
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.fields.at("x-loan"), "1");  // an answer says what its admission has to say
  EXPECT_EQ(client.read_response().status, 404);
  server_->stop();
  EXPECT_EQ(told, (std::vector<std::string>{"alice /echo 200", "alice /nothing 404"}));
  EXPECT_EQ(lent, 0);
  const ServerStats stats = server_->stats();
  EXPECT_EQ(stats.responses, (std::map<int, int64_t>{{200, 1}, {404, 1}}));
}

TEST_F(ServerTest, ReadsChunkedBodiesAndIgnoresTrailers) {
  start();
  RawClient client(port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nHost: evil\r\n\r\n");
  EXPECT_EQ(client.read_response().body, "abcde");
  client.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.read_response().status, 200);
}

TEST_F(ServerTest, RefusesWhatIsTooLargeBeforeReadingIt) {
  ServerOptions options;
  options.max_body_bytes = 1000;
  start(options);
  RawClient declared(port());
  declared.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: "
      "1001\r\n\r\n");
  EXPECT_EQ(declared.read_response().status, 413);
  EXPECT_TRUE(declared.closed_by_server());
  RawClient chunked(port());
  chunked.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" +
               std::string("3e9\r\n"));
  EXPECT_EQ(chunked.read_response().status, 413);
}

TEST_F(ServerTest, SaysContinueWhenItIsAsked) {
  start();
  RawClient client(port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: "
      "2\r\n\r\n");
  std::string interim;
  ASSERT_TRUE(client.read_until("\r\n\r\n", &interim));
  EXPECT_EQ(interim, "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hi");
  EXPECT_EQ(client.read_response().body, "hi");
}

TEST_F(ServerTest, RefusesManyTinyChunksAndLongExtensions) {
  ServerOptions options;
  options.max_chunks = 100;
  start(options);
  const std::string head =
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  RawClient tiny(port());
  std::string chunks;
  for (int i = 0; i < 101; ++i) chunks += "1\r\nx\r\n";
  tiny.send(head + chunks);
  EXPECT_EQ(tiny.read_response().status, 400);
  RawClient extended(port());
  extended.send(head + "1;" + std::string(300, 'e') + "\r\nx\r\n0\r\n\r\n");
  EXPECT_EQ(extended.read_response().status, 400);
}

TEST_F(ServerTest, AHandlerThatThrowsFailsItsRequestOnly) {
  start();
  EXPECT_EQ(test::post_json(port(), "/throw", "{}").status, 500);
  EXPECT_EQ(test::get(port(), "/health").status, 200);
}

TEST_F(ServerTest, StreamsWhatIsFedAndKeepsTheConnection) {
  start();
  RawClient client(port());
  client.send(test::post_request("/stream", "{}"));
  std::string head;
  ASSERT_TRUE(client.read_until("\r\n\r\n", &head));
  EXPECT_NE(head.find("Content-Type: text/event-stream; charset=utf-8\r\n"), std::string::npos);
  feed("data: one\n\n");
  std::string chunk;
  ASSERT_TRUE(client.read_until("data: one\n\n\r\n", &chunk));
  feed("data: two\n\n", true);
  ASSERT_TRUE(client.read_until("0\r\n\r\n", &chunk));
  EXPECT_TRUE(feed_.wait_until_closed());
  client.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.read_response().status, 200);
}

TEST_F(ServerTest, StreamsToHttp10UntilTheConnectionEnds) {
  start();
  RawClient client(port());
  client.send("POST /stream HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}");
  feed("data: one\n\n", true);
  std::string all;
  ASSERT_TRUE(client.read_until("data: one\n\n", &all));
  EXPECT_EQ(all.find("Transfer-Encoding"), std::string::npos);
  EXPECT_TRUE(client.closed_by_server());
}

TEST_F(ServerTest, SendsAHeartbeatIntoASilentStream) {
  ServerOptions options;
  options.heartbeat = 20ms;
  start(options);
  RawClient client(port());
  client.send(test::post_request("/stream", "{}"));
  std::string read;
  EXPECT_TRUE(client.read_until(": ping\n\n", &read));
}

TEST_F(ServerTest, AClientThatLeavesEndsWhatIsPending) {
  start();
  for (const char* path : {"/stream", "/later"}) {
    for (const bool abruptly : {false, true}) {
      RawClient client(port());
      client.send(test::post_request(path, "{}"));
      const int polls = feed_.num_polls();
      while (feed_.num_open() == 0 || feed_.num_polls() == polls) {
        server_->wake();
        std::this_thread::yield();
      }
      if (abruptly) {
        client.reset();
      } else {
        client.close();
      }
      EXPECT_TRUE(feed_.wait_until_closed()) << path;
    }
  }
}

TEST_F(ServerTest, APipelinedRequestWaitsForTheAnswerBeforeIt) {
  start();
  RawClient client(port());
  client.send(test::post_request("/later", "{}") + test::post_request("/echo", "\"second\""));
  feed("\"first\"");
  EXPECT_EQ(client.read_response().body, "\"first\"");
  EXPECT_EQ(client.read_response().body, "\"second\"");
}

TEST_F(ServerTest, AReaderThatStandsStillIsCutAndNobodyElse) {
  ServerOptions options;
  options.send_timeout = 200ms;
  options.send_buffer_bytes = 16 << 10;
  start(options);
  RawClient stuck(port());
  stuck.send(test::post_request("/stream", "{}"));
  feed(std::string(64u << 20, 'x'));
  EXPECT_EQ(test::get(port(), "/health").status, 200);
  EXPECT_TRUE(feed_.wait_until_closed());
  EXPECT_EQ(test::get(port(), "/health").status, 200);
}

TEST_F(ServerTest, EveryWaitHasATimer) {
  ServerOptions options;
  options.header_timeout = options.body_idle_timeout = options.keep_alive_timeout = 50ms;
  start(options);
  RawClient silent(port());
  EXPECT_TRUE(silent.closed_by_server());
  RawClient half_head(port());
  half_head.send("GET /health HT");
  EXPECT_EQ(half_head.read_response().status, 408);
  RawClient half_body(port());
  half_body.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
  EXPECT_EQ(half_body.read_response().status, 408);
  RawClient idle(port());
  idle.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(idle.read_response().status, 200);
  EXPECT_TRUE(idle.closed_by_server());
}

TEST_F(ServerTest, CountsConnectionsAndRequests) {
  ServerOptions options;
  options.rules.max_connections_per_address = 2;
  options.max_requests_per_connection = 2;
  start(options);
  RawClient first(port());
  first.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(first.read_response().fields.at("connection"), "keep-alive");
  RawClient second(port());
  second.send("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(second.read_response().status, 404);
  RawClient third(port());
  EXPECT_EQ(third.read_response().status, 503);
  first.send("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(first.read_response().fields.at("connection"), "close");
  EXPECT_TRUE(first.closed_by_server());
}

// Each of two sets of rules has a host name and a mark of its own; a request that is let in by the
// name of one never meets the mark of the other.
TEST_F(ServerTest, ChangesItsRulesBetweenTwoRequests) {
  std::string mark = "a";  // only on the IO thread, once the server runs
  std::atomic<int> num_mixed{0};
  ServerOptions options;
  options.rules.allowed_hosts = {"a.example"};
  options.rules.max_connections_per_address = 5;
  options.gate = [&](Request& request) {
    if (request.authority != mark + ".example") ++num_mixed;
    return std::optional<Response>();
  };
  start(options);
  std::atomic<bool> stopping{false};
  std::atomic<int> num_served{0};
  std::vector<std::thread> clients;
  for (const std::string name : {"a", "b"}) {
    clients.emplace_back(
        [&, request = "GET /health HTTP/1.1\r\nHost: " + name + ".example\r\n\r\n"] {
          while (!stopping) {
            RawClient client(port());
            client.send(request);
            const int status = client.read_response().status;
            EXPECT_TRUE(status == 200 || status == 403) << status;
            if (status == 200) ++num_served;
          }
        });
  }
  for (int round = 0; round < 200 || num_served < 20; ++round) {
    const std::string next = round % 2 == 0 ? "b" : "a";
    server_->change({.allowed_hosts = {next + ".example"}, .max_connections_per_address = 5},
                    [&] { mark = next; });
  }
  stopping = true;
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(num_mixed, 0);
}

TEST_F(ServerTest, DrainsWhatRunsAndAnswersMeanwhile) {
  start();
  RawClient idle(port());
  idle.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(idle.read_response().status, 200);
  RawClient busy(port());
  busy.send(test::post_request("/later", "{}"));
  while (feed_.num_open() == 0) std::this_thread::yield();
  bool drained = false;
  std::thread drain([&] { drained = server_->drain(20s); });
  EXPECT_TRUE(idle.closed_by_server());
  EXPECT_EQ(test::get(port(), "/health").status, 200);
  feed("\"done\"");
  const RawResponse last = busy.read_response();
  EXPECT_EQ(last.body, "\"done\"");
  EXPECT_EQ(last.fields.at("connection"), "close");
  drain.join();
  EXPECT_TRUE(drained);
}

TEST_F(ServerTest, DrainGivesUpAndStopEndsWhatIsLeft) {
  start();
  RawClient busy(port());
  busy.send(test::post_request("/stream", "{}"));
  while (feed_.num_open() == 0) std::this_thread::yield();
  EXPECT_FALSE(server_->drain(1ms));
  server_->stop();
  EXPECT_EQ(feed_.num_open(), 0);
  server_->wake();
}

TEST(ServerBind, SaysWhyItCannotListen) {
  ServerOptions options;
  options.port = 0;
  auto first = Server::bind(options);
  ASSERT_TRUE(first);
  options.port = (*first)->port();
  const auto second = Server::bind(options);
  ASSERT_FALSE(second);
  EXPECT_EQ(
      second.status().message(),
      "cannot listen on 127.0.0.1:" + std::to_string(options.port) + ": Address already in use");
  options.host = "no such host";
  EXPECT_FALSE(Server::bind(options));
}

}  // namespace
}  // namespace youtu::http
