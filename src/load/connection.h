// One connection to the server under load: HTTP/1.1, one exchange after the other. Only this header
// and load_run.cpp name the network library.
#pragma once

#include <utility>  // Boost 1.74's Asio does not include what it uses of it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "load/answer_collector.h"

namespace youtu::load {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using Endpoints = std::vector<tcp::endpoint>;

// Everything of a response, streams included.
inline constexpr size_t kMaxResponseBytes = 64u << 20;

// Held by shared_ptr: a timer that fires late still finds it.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::io_context& io, Clock::time_point epoch)
      : epoch_(epoch), socket_(io), deadline_(io) {}

  // Tries the endpoints in turn. Empty, or why there is no connection.
  asio::awaitable<std::string> connect(const Endpoints& endpoints, Clock::time_point give_up);

  // Sends the request and gives the collector the response. Returns what finish() of the collector
  // takes: empty, or why the response was cut.
  asio::awaitable<std::string> exchange(const std::string& request, Clock::time_point give_up,
                                        AnswerCollector& collector);

  bool stays_open() const { return stays_open_; }
  // Of the last exchange: not a byte came. Where the connection had served before, the server has
  // closed it in the meantime, as it may, and the request was not handled.
  bool was_silent() const { return was_silent_; }

 private:
  void arm(Clock::time_point give_up);
  void disarm();
  std::string reason(const boost::system::error_code& error, const char* otherwise) const;

  Clock::time_point epoch_;
  tcp::socket socket_;
  asio::steady_timer deadline_;
  boost::beast::flat_buffer buffer_;
  uint64_t arming_ = 0;  // tells a late timer from the one in force
  bool timed_out_ = false;
  bool stays_open_ = false;
  bool was_silent_ = false;
};

}  // namespace youtu::load
