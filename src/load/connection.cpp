// g++ 12 destroys some temporaries of an expression with co_await twice (see http/connection.cpp):
// such objects are named first.
#include "load/connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <charconv>

namespace youtu::load {

namespace beast = boost::beast;
using boost::system::error_code;

namespace {

constexpr size_t kReadSize = 16u << 10;
using Parser = beast::http::response_parser<beast::http::string_body>;

std::string_view view_of(beast::string_view text) {
  return {text.data(), text.size()};
}

ResponseHead head_of(const Parser& parser) {
  const auto& message = parser.get();
  ResponseHead head;
  head.status = static_cast<int>(message.result_int());
  head.content_type = view_of(message[beast::http::field::content_type]);
  const std::string_view wait = view_of(message[beast::http::field::retry_after]);
  int seconds = 0;
  const auto [end, error] = std::from_chars(wait.data(), wait.data() + wait.size(), seconds);
  if (!wait.empty() && error == std::errc() && end == wait.data() + wait.size()) {
    head.retry_after_s = seconds;
  }
  return head;
}

// What of a response has been parsed, on its way to the collector.
class Delivery {
 public:
  Delivery(AnswerCollector& collector, Clock::time_point epoch)
      : collector_(collector), epoch_(epoch) {
    parser_.eager(true);
    parser_.body_limit(kMaxResponseBytes);
  }

  bool is_done() const { return parser_.is_done(); }
  bool keeps_alive() const { return parser_.get().keep_alive(); }

  // False where the bytes are no HTTP response.
  bool take(beast::flat_buffer& buffer) {
    const double now = std::chrono::duration<double>(Clock::now() - epoch_).count();
    while (buffer.size() > 0 && !parser_.is_done()) {
      error_code error;
      buffer.consume(parser_.put(buffer.data(), error));
      deliver(now);
      if (error == beast::http::error::need_more) break;
      if (error) return false;
    }
    return true;
  }

  // The connection has ended: true where that is the end of the response.
  bool take_end() {
    error_code error;
    if (parser_.got_some()) parser_.put_eof(error);
    return !error && parser_.is_done();
  }

 private:
  void deliver(double now) {
    if (!parser_.is_header_done()) return;
    if (!std::exchange(has_head_, true)) collector_.take_head(head_of(parser_));
    std::string& body = parser_.get().body();
    if (!body.empty()) collector_.take_body(body, now);
    body.clear();
  }

  AnswerCollector& collector_;
  Clock::time_point epoch_;
  Parser parser_;
  bool has_head_ = false;
};

}  // namespace

void Connection::arm(Clock::time_point give_up) {
  timed_out_ = false;
  deadline_.expires_at(give_up);
  deadline_.async_wait([self = shared_from_this(), armed = ++arming_](const error_code& error) {
    if (error || armed != self->arming_) return;
    self->timed_out_ = true;
    error_code ignored;
    self->socket_.close(ignored);
  });
}

void Connection::disarm() {
  ++arming_;
  deadline_.cancel();
}

std::string Connection::reason(const error_code& error, const char* otherwise) const {
  if (timed_out_) return "timeout";
  return error && error != asio::error::eof ? "connection: " + error.message() : otherwise;
}

asio::awaitable<std::string> Connection::connect(const Endpoints& endpoints,
                                                 Clock::time_point give_up) {
  error_code error;
  arm(give_up);
  co_await asio::async_connect(socket_, endpoints,
                               asio::redirect_error(asio::use_awaitable, error));
  disarm();
  if (error) co_return reason(error, "connection: closed by the server");
  socket_.set_option(tcp::no_delay(true), error);
  stays_open_ = true;
  co_return std::string();
}

asio::awaitable<std::string> Connection::exchange(const std::string& request,
                                                  Clock::time_point give_up,
                                                  AnswerCollector& collector) {
  error_code error;
  error_code ignored;
  Delivery delivery(collector, epoch_);
  std::string why;
  stays_open_ = false;
  was_silent_ = true;
  arm(give_up);
  // A server may refuse before it has read everything: what it says is read even so.
  co_await asio::async_write(socket_, asio::buffer(request),
                             asio::redirect_error(asio::use_awaitable, ignored));
  while (!delivery.is_done()) {
    const size_t n = co_await socket_.async_read_some(
        buffer_.prepare(kReadSize), asio::redirect_error(asio::use_awaitable, error));
    buffer_.commit(n);
    if (n > 0) was_silent_ = false;
    if (error) {
      if (!delivery.take_end()) why = reason(error, "connection: closed by the server");
      break;
    }
    if (!delivery.take(buffer_)) {
      why = "not an HTTP response";
      break;
    }
  }
  disarm();
  stays_open_ = why.empty() && !error && delivery.keeps_alive();
  co_return why;
}

}  // namespace youtu::load
