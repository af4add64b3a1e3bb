// The acceptor, the threads and the public face. See connection.cpp for the rule about g++ 12 and
// co_await.
#include "http/server.h"

#include "base/check.h"
#include "base/describe_exception.h"
#include "http/connection.h"
#include "http/network.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <future>
#include <utility>

namespace youtu::http {

namespace {

constexpr milliseconds kAcceptBackoff{100};

// How often this thread looks while refusals come faster than that. To wake it for each of
// thousands in a second takes the processor from the engine as often, which costs more than the
// refusals do; and what streams have to say meanwhile goes out together as well.
constexpr milliseconds kRound{5};
constexpr milliseconds kRoundsAfterRefusal = 10 * kRound;

}  // namespace

// Network.

Network::Network(ServerOptions options)
    : options_(std::move(options)),
      workers_(std::max(1, options_.num_workers)),
      body_budget_(options_.max_buffered_body_bytes) {
  take_rules(options_.rules);
}

void Network::take_rules(const ServerRules& rules) {
  rules_ = rules;
  host_rules_.hosts = HostRules{}.hosts;
  host_rules_.hosts.insert(host_rules_.hosts.end(), rules.allowed_hosts.begin(),
                           rules.allowed_hosts.end());
  host_rules_.hosts.push_back(options_.host);
  host_rules_.origins = rules.allowed_origins;
}

Network::~Network() {
  stop();
}

void Network::stop() {
  if (!thread_.joinable()) return;
  asio::post(io_, [this] { close_all(); });
  thread_.join();  // returns when the last connection has ended
  workers_.join();
}

Status Network::listen() {
  const std::string where = options_.host + ":" + std::to_string(options_.port);
  error_code error;
  tcp::resolver resolver(io_);
  const auto found =
      resolver.resolve(options_.host, std::to_string(options_.port),
                       tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error || found.empty()) {
    return Status::invalid_argument(
        "host \"" + options_.host + "\" cannot be resolved to an address", "host");
  }
  const tcp::endpoint endpoint = found.begin()->endpoint();
  host_rules_.only_loopback = endpoint.address().is_loopback();
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return Status::failed_precondition("cannot listen on " + where + ": " + error.message());
  port_ = acceptor_.local_endpoint(error).port();
  return Status::ok();
}

void Network::start(Router router) {
  CHECK(!thread_.joinable());
  router_ = std::move(router);
  asio::co_spawn(io_, accept_loop(), asio::detached);
  thread_ = std::thread([this] { run(); });
}

void Network::run() {
  while (io_.run_one() > 0) {
    const auto begin = Clock::now();
    io_.poll();
    if (begin < rounds_end_) std::this_thread::sleep_until(begin + kRound);
  }
}

void Network::note_refusal() {
  const auto now = Clock::now();
  if (now < std::exchange(last_refusal_, now) + kRound) rounds_end_ = now + kRoundsAfterRefusal;
}

asio::awaitable<void> Network::accept_loop() {
  while (!stopping_) {
    error_code error;
    tcp::socket socket =
        co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (stopping_) break;
    if (!error) {
      admit(std::move(socket));
      continue;
    }
    // Out of descriptors, most often. The client waits in the kernel's queue; trying at once again
    // would only spin.
    accept_backoff_.expires_after(kAcceptBackoff);
    co_await accept_backoff_.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }
}

void Network::admit(tcp::socket socket) {
  error_code error;
  const asio::ip::address address = socket.remote_endpoint(error).address();
  if (error) return;  // already gone
  if (static_cast<int>(connections_.size()) >= rules_.max_connections) {
    return refuse(std::move(socket), "too many connections (max_connections)");
  }
  int& of_this_address = connections_of_[address];
  if (of_this_address >= rules_.max_connections_per_address) {
    return refuse(std::move(socket),
                  "too many connections from one address (max_connections_per_address)");
  }
  ++of_this_address;
  socket.set_option(tcp::no_delay(true), error);
  socket.set_option(asio::socket_base::send_buffer_size(options_.send_buffer_bytes), error);
  socket.non_blocking(true, error);
  auto connection = std::make_shared<Connection>(*this, std::move(socket), address);
  connections_.insert(connection.get());
  num_connections_ = static_cast<int>(connections_.size());
  asio::co_spawn(io_, Connection::serve(std::move(connection)), asio::detached);
}

// A word to the client if it fits at once; a connection too many gets no more care than that.
void Network::refuse(tcp::socket socket, std::string_view why) {
  note_refusal();
  Response response = error_response(503, why, {}, "too_many_connections");
  response.fields.push_back({"Retry-After", "1"});
  Framing framing;
  framing.keep_alive = false;
  const std::string id = make_request_id();
  framing.request_id = id;
  const std::string bytes = response_head(response, framing) + response.body;
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(bytes), ignored);
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void Network::forget(Connection* connection, const asio::ip::address& address) {
  connections_.erase(connection);
  num_connections_ = static_cast<int>(connections_.size());
  const auto count = connections_of_.find(address);
  if (count != connections_of_.end() && --count->second == 0) connections_of_.erase(count);
}

void Network::end_work() {
  if (--num_busy_ > 0) return;
  const std::lock_guard lock(idle_mutex_);
  idle_.notify_all();
}

void Network::wake() {
  if (wake_posted_.exchange(true)) return;
  asio::post(io_, [this] { poll_all(); });
}

void Network::poll_all() {
  wake_posted_ = false;  // first: what comes from now on needs a look of its own
  for (Connection* connection : connections_) connection->wake();
}

void Network::change(const ServerRules& rules, const std::function<void()>& also) {
  std::promise<void> done;
  asio::post(io_, [&] {
    take_rules(rules);
    also();
    done.set_value();
  });
  done.get_future().wait();
}

bool Network::drain(milliseconds timeout) {
  asio::post(io_, [this] {
    draining_ = true;
    for (Connection* connection : connections_) connection->abort_if_idle();
  });
  std::unique_lock lock(idle_mutex_);
  return idle_.wait_for(lock, timeout, [this] { return num_busy_ == 0; });
}

void Network::close_all() {
  stopping_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  accept_backoff_.cancel();
  for (Connection* connection : connections_) connection->abort();
}

std::string Network::make_request_id() {
  std::array<char, 24> id{};
  std::snprintf(id.data(), id.size(), "req-%016llx",
                static_cast<unsigned long long>(request_ids_()));
  return id.data();
}

// Server.

Server::Server(std::unique_ptr<Network> network) : network_(std::move(network)) {}
Server::~Server() = default;

int64_t ServerOptions::max_buffer_bytes() const {
  const size_t connection = kMaxReadAhead + head.max_request_line_bytes + head.max_fields_bytes +
                            static_cast<size_t>(send_buffer_bytes);
  return static_cast<int64_t>(max_buffered_body_bytes +
                              static_cast<size_t>(rules.max_connections) * connection);
}

Result<std::unique_ptr<Server>> Server::bind(ServerOptions options) {
  try {
    auto network = std::make_unique<Network>(std::move(options));
    RETURN_IF_ERROR(network->listen());
    return std::unique_ptr<Server>(new Server(std::move(network)));
  } catch (const std::exception& error) {  // no descriptors for the event loop, no threads
    return Status::failed_precondition("cannot open the network: " + describe_exception(error));
  }
}

int Server::port() const {
  return network_->port();
}

std::string Server::url() const {
  const std::string& host = network_->options().host;
  const bool bare_ipv6 = host.find(':') != std::string::npos && !host.starts_with('[');
  return "http://" + (bare_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port());
}

void Server::start(Router router) {
  network_->start(std::move(router));
}
void Server::wake() {
  network_->wake();
}
void Server::post(std::function<void()> work) {
  asio::post(network_->workers(), [network = network_.get(), work = std::move(work)] {
    work();
    network->wake();
  });
}
void Server::change(const ServerRules& rules, const std::function<void()>& also) {
  network_->change(rules, also);
}
void Server::stop() {
  network_->stop();
}
bool Server::drain(milliseconds timeout) {
  return network_->drain(timeout);
}
ServerStats Server::stats() const {
  return network_->stats();
}

// Network: the numbers.

void Network::count_response(int status) {
  const size_t place = static_cast<size_t>(status - 100);
  if (place < num_responses_.size()) ++num_responses_[place];
}

ServerStats Network::stats() const {
  ServerStats stats = {num_connections_.load(), num_busy_.load()};
  for (size_t place = 0; place < num_responses_.size(); ++place) {
    const int64_t count = num_responses_[place].load();
    if (count > 0) stats.responses[static_cast<int>(place) + 100] = count;
  }
  return stats;
}

}  // namespace youtu::http
