// One client: its requests one after another, each with its timers and limits.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/network.h"

namespace youtu::http {

// What a connection reads ahead of the request that it works on: a head of the largest size, and
// some.
inline constexpr size_t kMaxReadAhead = 64u << 10;

// A coroutine per connection runs the exchanges one after another; everything is on the
// IO thread except the handler itself.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Network& network, tcp::socket socket, asio::ip::address address)
      : network_(network),
        options_(network.options()),
        socket_(std::move(socket)),
        address_(std::move(address)),
        deadline_(network.io()),
        signal_(network.io()) {}

  // The coroutine of a connection; keeps it alive.
  static asio::awaitable<void> serve(std::shared_ptr<Connection> self);

  void wake() { signal_.cancel(); }
  void abort();
  void abort_if_idle() {
    if (idle_) abort();
  }

 private:
  struct Exchange;

  asio::awaitable<void> run();
  asio::awaitable<bool> exchange();
  asio::awaitable<bool> answer(Exchange& exchange);
  asio::awaitable<bool> read_head(RequestHead& head);
  asio::awaitable<bool> read_body(RequestHead& head, BodyShare& share);
  asio::awaitable<bool> read_more(milliseconds limit);
  asio::awaitable<void> call_handler(const Request& request);
  asio::awaitable<void> call_worker(const Request& request);
  asio::awaitable<bool> await_pending(std::unique_ptr<PendingResponse> pending, Response& response);
  asio::awaitable<bool> send_response(Response& response, bool keep_alive, bool head_only);
  asio::awaitable<bool> send_stream(BodyStream& stream, bool chunked);
  asio::awaitable<bool> send(std::string_view bytes);
  asio::awaitable<void> wait_for_signal(milliseconds limit);
  asio::awaitable<void> linger();

  bool refuse(const Rejection& rejection);
  bool check_request(RequestHead& head);
  void report(const Request& request, std::chrono::steady_clock::time_point begin) const;
  void arm(milliseconds limit);
  void disarm();
  void watch_peer();
  void wait_readable();
  void on_readable(const error_code& error);
  void unwatch_peer();

  Network& network_;
  const ServerOptions& options_;
  tcp::socket socket_;
  const asio::ip::address address_;
  boost::beast::flat_buffer buffer_{kMaxReadAhead};
  asio::steady_timer deadline_;  // bounds one read or write by cancelling it
  asio::steady_timer signal_;    // cancelled to say: look again
  std::string request_id_;
  const Endpoint* endpoint_ = nullptr;
  std::optional<Response> refusal_;  // set by whatever ends an exchange without its handler
  std::optional<Reply> reply_;       // of the handler, from the worker
  uint64_t arming_ = 0;              // tells a late timer from the one in force
  uint64_t watching_ = 0;            // the same for the watch over the peer; 0 is off
  uint64_t num_watches_ = 0;
  std::chrono::steady_clock::time_point retry_time_;  // what the last refusal asked to wait for
  int status_ = 0;            // of the answer to the request in work; 0: none was begun
  int64_t bytes_sent_ = 0;    // of it
  bool is_complete_ = false;  // it was sent whole
  int num_requests_ = 0;
  int minor_version_ = 1;
  bool timed_out_ = false;
  bool idle_ = false;  // between requests
  bool gone_ = false;  // the peer has closed, or the server is stopping
};

}  // namespace youtu::http
