// g++ 12 destroys some temporaries of an expression with co_await twice (capturing lambdas with
// owning captures, aggregates). Therefore such objects are named first here, and an argument beside
// co_await is a reference, a scalar or a type with a constructor.
#include "http/connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <utility>

namespace youtu::http {

namespace beast = boost::beast;

namespace {

constexpr size_t kReadSize = 16u << 10;
constexpr size_t kMaxChunkExtensionBytes = 256;
constexpr size_t kMinMeanChunkBytes = 64;
// How long, and how much, a closing connection still takes of what its client is sending. Closing
// with bytes unread would reset the connection and could destroy the answer that is on its way.
constexpr milliseconds kLingerTimeout{2'000};
constexpr size_t kMaxLingerBytes = 16u << 20;
// An answer may end by its own clock, so what is pending is asked now and then even if nobody calls
// wake().
constexpr milliseconds kPollInterval{1'000};

// How long a refusal is held back from a client that came again before the time it was told. So
// many of them take no more of the machine than a few, and a refusal is still quick.
constexpr milliseconds kHaste{25};

std::string_view readable(const beast::flat_buffer& buffer) {
  return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

Response rejection_response(const Rejection& rejection) {
  return error_response(rejection.status, rejection.message, {}, rejection.code);
}

// A request id of the client's is echoed only if it is harmless wherever it may be printed.
bool is_usable_request_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

Rejection body_rejection(const error_code& error, size_t max_body_bytes) {
  if (error == beast::http::error::body_limit) {
    return {413, "body_too_large",
            "the body is larger than " + std::to_string(max_body_bytes) + " bytes"};
  }
  return {400, "bad_request", "the body is not framed as the head says"};
}

// What the answer's Retry-After asks for; 0 without one.
std::chrono::seconds retry_after(const Response& response) {
  int value = 0;
  for (const Field& field : response.fields) {
    if (field.name != "Retry-After") continue;
    std::from_chars(field.value.data(), field.value.data() + field.value.size(), value);
  }
  return std::chrono::seconds(value);
}

// An exception of a handler, or of a library under it, ends that request only.
Reply run_handler(const Handler& handler, const Request& request) {
  try {
    return handler(request);
  } catch (const std::exception&) {
    return error_response(500, "the request could not be handled", {}, "internal");
  }
}

std::string chunk_of(std::string_view bytes, bool last) {
  std::string chunk;
  if (!bytes.empty()) {
    std::array<char, 20> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
    chunk.append(size.data()).append(bytes).append("\r\n");
  }
  if (last) chunk.append("0\r\n\r\n");
  return chunk;
}

}  // namespace

// Connection: the exchanges.

asio::awaitable<void> Connection::serve(std::shared_ptr<Connection> self) {
  try {
    co_await self->run();
  } catch (const std::exception&) {
    // Out of memory or the like. It ends this connection; the others go on.
  }
  self->disarm();
  error_code ignored;
  self->socket_.close(ignored);
  self->network_.forget(self.get(), self->address_);
}

asio::awaitable<void> Connection::run() {
  for (;;) {
    const bool keep_alive = co_await exchange();
    if (!keep_alive) break;
  }
  if (!gone_) co_await linger();
}

// The parts of one exchange that must outlive its handler.
struct Connection::Exchange {
  Exchange(const HeadLimits& limits, BodyBudget& budget) : head(limits), body_share(budget) {}
  RequestHead head;
  BodyShare body_share;
};

// One request and its answer. True if the connection can take another.
asio::awaitable<bool> Connection::exchange() {
  refusal_.reset();
  Exchange current(options_.head, network_.body_budget());
  const bool has_head = co_await read_head(current.head);
  if (!has_head && !refusal_) co_return false;
  network_.begin_work();
  const auto begin = Clock::now();
  status_ = 0;
  bytes_sent_ = 0;
  is_complete_ = false;
  bool keep_alive = false;
  try {
    keep_alive = co_await answer(current);
  } catch (...) {
    network_.end_work();
    throw;
  }
  network_.end_work();
  report(current.head.request(), begin);
  if (gone_) keep_alive = false;
  co_return keep_alive;
}

void Connection::report(const Request& request, Clock::time_point begin) const {
  if (!options_.on_exchange) return;
  const std::chrono::duration<double> seconds = Clock::now() - begin;
  options_.on_exchange({request, status_, bytes_sent_, seconds.count(), is_complete_});
}

asio::awaitable<bool> Connection::answer(Exchange& current) {
  RequestHead& head = current.head;
  Response response;
  bool keep_alive = false;
  const bool may_go_on =
      ++num_requests_ < options_.max_requests_per_connection && !head.wants_close();
  if (!refusal_ && check_request(head)) {
    const bool complete = co_await read_body(head, current.body_share);
    if (!complete && !refusal_) co_return false;
    keep_alive = complete && may_go_on;
  }
  if (refusal_) {
    response = std::move(*refusal_);
    // What the client still sends of a refused request must not be taken for its next one.
    keep_alive = !response.close && !head.has_body() && may_go_on;
    // Nor must its head, which nobody has taken from the buffer.
    if (keep_alive) buffer_.consume(head.size());
  } else {
    co_await call_handler(head.request());
    current.body_share.release();
    head.request().body = std::string();
    if (auto* pending = std::get_if<std::unique_ptr<PendingResponse>>(&*reply_)) {
      std::unique_ptr<PendingResponse> owned = std::move(*pending);
      const bool answered = co_await await_pending(std::move(owned), response);
      if (!answered) co_return false;
    } else {
      response = std::move(std::get<Response>(*reply_));
    }
  }
  keep_alive = keep_alive && !response.close && !network_.closing();
  if (const auto& admission = head.request().admission) {
    for (Field& field : admission->fields()) response.fields.push_back(std::move(field));
  }
  const bool is_head = head.request().method == "HEAD";
  const bool stays_open = co_await send_response(response, keep_alive, is_head);
  co_return stays_open;
}

bool Connection::refuse(const Rejection& rejection) {
  refusal_ = rejection_response(rejection);
  refusal_->close = true;
  return false;
}

// Whatever can be said without the body. False if there is a refusal.
bool Connection::check_request(RequestHead& head) {
  Request& request = head.request();
  if (const auto rejection = check_host(request, network_.host_rules())) return refuse(*rejection);
  if (const auto rejection = check_origin(request, network_.host_rules()))
    return refuse(*rejection);
  if (options_.gate) {
    refusal_ = options_.gate(request);
    if (refusal_) return false;
  }
  auto route = network_.router().find(request);
  if (auto* response = std::get_if<Response>(&route)) {
    refusal_ = std::move(*response);
    return false;
  }
  endpoint_ = std::get<const Endpoint*>(route);
  const auto encoding = request.field("Content-Encoding");
  if (encoding && !equals_ignoring_case(*encoding, "identity")) {
    return refuse({415, "content_encoding", "compressed bodies are not accepted"});
  }
  if (head.content_length().value_or(0) > options_.max_body_bytes) {
    return refuse(
        {413, "body_too_large",
         "the body is larger than " + std::to_string(options_.max_body_bytes) + " bytes"});
  }
  if (request.method == "POST" && !head.chunked() && !head.content_length()) {
    return refuse(
        {411, "length_required", "a POST needs Content-Length or Transfer-Encoding: chunked"});
  }
  return true;
}

asio::awaitable<void> Connection::call_handler(const Request& request) {
  reply_.reset();
  if (endpoint_->refuse) {
    if (std::optional<Response> refusal = endpoint_->refuse()) reply_ = std::move(*refusal);
  }
  if (!reply_) {
    co_await call_worker(request);
    co_return;
  }
  network_.note_refusal();
  if (Clock::now() >= retry_time_) co_return;
  asio::steady_timer pause(network_.io(), kHaste);
  error_code ignored;
  co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<void> Connection::call_worker(const Request& request) {
  auto self = shared_from_this();
  auto deliver = [self](Reply reply) {
    auto take = [self, reply = std::move(reply)]() mutable {
      self->reply_ = std::move(reply);
      self->signal_.cancel();
    };
    asio::post(self->network_.io(), std::move(take));
  };
  // The worker may use the references: this coroutine does not go on before the reply is here.
  auto work = [deliver, &handler = endpoint_->handler, &request] {
    deliver(run_handler(handler, request));
  };
  asio::post(network_.workers(), std::move(work));
  while (!reply_) co_await wait_for_signal(kPollInterval);
}

asio::awaitable<bool> Connection::await_pending(std::unique_ptr<PendingResponse> pending,
                                                Response& response) {
  watch_peer();
  while (!gone_) {
    if (std::optional<Response> ready = pending->poll()) {
      unwatch_peer();
      response = std::move(*ready);
      co_return true;
    }
    co_await wait_for_signal(kPollInterval);
  }
  co_return false;
}

// Connection: reading.

asio::awaitable<bool> Connection::read_head(RequestHead& head) {
  bool started = num_requests_ == 0;
  bool may_skip_line = true;
  auto give_up = Clock::now() + (started ? options_.header_timeout : options_.keep_alive_timeout);
  for (;;) {
    // RFC 9112, 2.2: an empty line before the request line is to be ignored. One is.
    if (may_skip_line && readable(buffer_).starts_with("\r\n")) {
      buffer_.consume(2);
      may_skip_line = false;
    }
    if (buffer_.size() > 0 && readable(buffer_) != "\r") {
      if (!std::exchange(started, true)) give_up = Clock::now() + options_.header_timeout;
      const RequestHead::State state = head.advance(readable(buffer_));
      if (state == RequestHead::State::kComplete) break;
      if (state == RequestHead::State::kRejected) co_return refuse(head.rejection());
    }
    idle_ = buffer_.size() == 0;
    if (idle_ && network_.closing() && num_requests_ > 0) co_return false;
    const auto left = std::chrono::duration_cast<milliseconds>(give_up - Clock::now());
    const bool more = co_await read_more(std::max(left, milliseconds(1)));
    idle_ = false;
    if (more) continue;
    if (timed_out_ && buffer_.size() > 0) {
      co_return refuse({408, "request_timeout", "the head of the request did not arrive in time"});
    }
    gone_ = !timed_out_;
    co_return false;
  }
  Request& request = head.request();
  const auto id = request.field("X-Request-Id");
  request.request_id =
      id && is_usable_request_id(*id) ? std::string(*id) : network_.make_request_id();
  request_id_ = request.request_id;
  request.peer_address = address_.to_string();
  minor_version_ = request.minor_version;
  co_return true;
}

// The library's parser reads head and body; two parsers must agree on the head, or there is no
// request.
asio::awaitable<bool> Connection::read_body(RequestHead& head, BodyShare& share) {
  const size_t expected =
      head.chunked() ? options_.max_body_bytes : head.content_length().value_or(0);
  if (!share.take(expected)) {
    co_return refuse({503, "body_memory", "too many large requests at once"});
  }
  if (head.expects_continue() && head.has_body() && buffer_.size() == head.size() &&
      minor_version_ == 1) {
    const bool sent = co_await send("HTTP/1.1 100 Continue\r\n\r\n");
    if (!sent) co_return false;
  }
  beast::http::request_parser<beast::http::string_body> parser;
  parser.eager(true);
  parser.body_limit(options_.max_body_bytes);
  parser.header_limit(static_cast<std::uint32_t>(kMaxReadAhead));
  size_t num_chunks = 0;
  uint64_t chunk_bytes = 0;
  auto on_chunk = [&](std::uint64_t size, beast::string_view extension, error_code& error) {
    chunk_bytes += size;
    const bool tiny =
        ++num_chunks > options_.max_chunks && chunk_bytes / num_chunks < kMinMeanChunkBytes;
    if (tiny || extension.size() > kMaxChunkExtensionBytes) error = beast::http::error::bad_chunk;
  };
  parser.on_chunk_header(on_chunk);
  const auto give_up = Clock::now() + options_.body_timeout;
  for (;;) {
    error_code error;
    const size_t used = buffer_.size() > 0 ? parser.put(buffer_.data(), error) : 0;
    buffer_.consume(used);
    if (parser.is_done()) break;
    if (error && error != beast::http::error::need_more) {
      co_return refuse(body_rejection(error, options_.max_body_bytes));
    }
    if (used > 0 && buffer_.size() > 0) continue;
    if (buffer_.size() == buffer_.max_size()) {
      co_return refuse({400, "bad_request", "a chunk header or trailer is too large"});
    }
    const auto left = std::chrono::duration_cast<milliseconds>(give_up - Clock::now());
    const bool more =
        co_await read_more(std::clamp(left, milliseconds(1), options_.body_idle_timeout));
    if (more) continue;
    if (timed_out_) co_return refuse({408, "request_timeout", "the body did not arrive in time"});
    gone_ = true;
    co_return false;
  }
  head.request().body = std::move(parser.get().body());
  co_return true;
}

// False if the time is over (timed_out_), the peer has closed or the socket failed.
asio::awaitable<bool> Connection::read_more(milliseconds limit) {
  const size_t room = std::min(kReadSize, buffer_.max_size() - buffer_.size());
  error_code error;
  arm(limit);
  const size_t n = co_await socket_.async_read_some(
      buffer_.prepare(room), asio::redirect_error(asio::use_awaitable, error));
  disarm();
  buffer_.commit(n);
  co_return !error && n > 0;
}

// Connection: writing.

asio::awaitable<bool> Connection::send_response(Response& response, bool keep_alive,
                                                bool head_only) {
  if (request_id_.empty()) request_id_ = network_.make_request_id();
  const bool chunked = response.stream && minor_version_ == 1;
  // Without chunks a stream ends where the connection ends.
  const bool stays = keep_alive && (!response.stream || chunked);
  Framing framing;
  framing.keep_alive = stays;
  framing.chunked = chunked;
  framing.request_id = request_id_;
  status_ = response.status;
  if (const auto wait = retry_after(response); wait.count() > 0) {
    retry_time_ = Clock::now() + wait;
  }
  network_.count_response(status_);
  std::string bytes = response_head(response, framing);
  if (!response.stream && !head_only) bytes += response.body;
  const bool sent = co_await send(bytes);
  request_id_.clear();
  is_complete_ = sent;
  if (sent && response.stream && !head_only) {
    is_complete_ = co_await send_stream(*response.stream, chunked);
  }
  const bool stays_open = is_complete_ && stays;
  co_return stays_open;
}

asio::awaitable<bool> Connection::send_stream(BodyStream& stream, bool chunked) {
  watch_peer();
  auto last_sent = Clock::now();
  while (!gone_) {
    BodyStream::Chunk chunk = stream.poll();
    if (chunk.bytes.empty() && !chunk.done) {
      if (Clock::now() - last_sent < options_.heartbeat) {
        co_await wait_for_signal(std::min(kPollInterval, options_.heartbeat));
        continue;
      }
      chunk.bytes = stream.heartbeat();
    }
    const std::string bytes = chunked ? chunk_of(chunk.bytes, chunk.done) : std::move(chunk.bytes);
    const bool sent = co_await send(bytes);
    if (!sent) co_return false;
    last_sent = Clock::now();
    if (!chunk.done) continue;
    unwatch_peer();
    co_return true;
  }
  co_return false;
}

// Each write that makes progress starts the timer anew: slow is allowed, standing still is not.
asio::awaitable<bool> Connection::send(std::string_view bytes) {
  while (!bytes.empty() && !gone_) {
    error_code error;
    arm(options_.send_timeout);
    const size_t n =
        co_await socket_.async_write_some(asio::const_buffer(bytes.data(), bytes.size()),
                                          asio::redirect_error(asio::use_awaitable, error));
    disarm();
    if (error) gone_ = true;
    bytes_sent_ += static_cast<int64_t>(n);
    bytes.remove_prefix(n);
  }
  co_return bytes.empty();  // even if the connection was aborted behind the last of them
}

asio::awaitable<void> Connection::linger() {
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  const auto give_up = Clock::now() + kLingerTimeout;
  for (size_t taken = 0; taken < kMaxLingerBytes && !network_.closing();) {
    taken += buffer_.size();
    buffer_.clear();
    const auto left = std::chrono::duration_cast<milliseconds>(give_up - Clock::now());
    if (left <= milliseconds(0)) break;
    const bool more = co_await read_more(left);
    if (!more) break;
  }
}

// Connection: timers and the peer.

void Connection::arm(milliseconds limit) {
  timed_out_ = false;
  deadline_.expires_after(limit);
  deadline_.async_wait([self = shared_from_this(), armed = ++arming_](const error_code& error) {
    if (error || armed != self->arming_) return;
    self->timed_out_ = true;
    error_code ignored;
    self->socket_.cancel(ignored);
  });
}

void Connection::disarm() {
  ++arming_;
  deadline_.cancel();
}

asio::awaitable<void> Connection::wait_for_signal(milliseconds limit) {
  error_code ignored;
  signal_.expires_after(limit);
  co_await signal_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

// While an answer is pending nobody reads the socket, so somebody must look whether the peer is
// still there. What it has sent meanwhile (its next requests) is kept, up to the read-ahead limit.
void Connection::watch_peer() {
  watching_ = ++num_watches_;
  wait_readable();
}

void Connection::wait_readable() {
  auto check = [self = shared_from_this(), watch = watching_](const error_code& error) {
    if (watch == self->watching_) self->on_readable(error);
  };
  socket_.async_wait(tcp::socket::wait_read, std::move(check));
}

void Connection::on_readable(const error_code& wait_error) {
  error_code error = wait_error;
  const size_t room = std::min(kReadSize, buffer_.max_size() - buffer_.size());
  if (!error) {
    if (room == 0) return;  // so far ahead that it has to wait; a reset still shows when we write
    buffer_.commit(socket_.read_some(buffer_.prepare(room), error));
    if (!error || error == asio::error::would_block) return wait_readable();
  }
  gone_ = true;
  socket_.cancel(error);  // a write in progress has nobody to go to
  signal_.cancel();
}

void Connection::unwatch_peer() {
  if (std::exchange(watching_, 0) == 0) return;
  error_code ignored;
  socket_.cancel(ignored);
}

void Connection::abort() {
  gone_ = true;
  error_code ignored;
  socket_.close(ignored);
  deadline_.cancel();
  signal_.cancel();
}

}  // namespace youtu::http
