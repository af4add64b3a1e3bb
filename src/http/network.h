// What all connections share, on the IO thread. Private to this folder: this header, connection.h
// and worker_threads.h are the only ones that name the network library.
#pragma once

#include <utility>  // Boost 1.74's Asio does not include what it uses of it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "http/body_budget.h"
#include "http/host_rules.h"
#include "http/server.h"
#include "http/worker_threads.h"

namespace youtu::http {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;
using tcp = asio::ip::tcp;

using Clock = std::chrono::steady_clock;

class Connection;

// The public Server talks to it by posts and atomics only.
class Network {
 public:
  explicit Network(ServerOptions options);
  ~Network();

  Status listen();
  void start(Router router);
  void wake();
  void change(const ServerRules& rules, const std::function<void()>& also);
  bool drain(milliseconds timeout);
  void stop();
  ServerStats stats() const;

  const ServerOptions& options() const { return options_; }
  const Router& router() const { return router_; }
  const HostRules& host_rules() const { return host_rules_; }
  asio::io_context& io() { return io_; }
  asio::io_context& workers() { return workers_.context(); }
  BodyBudget& body_budget() { return body_budget_; }
  bool closing() const { return draining_ || stopping_; }
  int port() const { return port_; }

  std::string make_request_id();
  void forget(Connection* connection, const asio::ip::address& address);
  void begin_work() { ++num_busy_; }
  void count_response(int status);
  // There was no room for a request or a connection. Many of these are worked off in rounds, see
  // run().
  void note_refusal();
  void end_work();

 private:
  void run();
  void take_rules(const ServerRules& rules);
  asio::awaitable<void> accept_loop();
  void admit(tcp::socket socket);
  void refuse(tcp::socket socket, std::string_view why);
  void poll_all();
  void close_all();

  const ServerOptions options_;
  Router router_;
  ServerRules rules_;  // in force; this and what follows from it only on the IO thread
  HostRules host_rules_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  asio::steady_timer accept_backoff_{io_};
  WorkerThreads workers_;
  BodyBudget body_budget_;
  std::thread thread_;
  std::set<Connection*> connections_;  // each keeps itself alive until it calls forget()
  std::map<asio::ip::address, int> connections_of_;
  std::mt19937_64 request_ids_{std::random_device{}()};
  int port_ = 0;
  Clock::time_point last_refusal_;
  Clock::time_point rounds_end_;
  bool draining_ = false;
  bool stopping_ = false;
  std::atomic<bool> wake_posted_{false};
  std::atomic<int> num_connections_{0};
  std::atomic<int> num_busy_{0};
  std::array<std::atomic<int64_t>, 500> num_responses_{};  // by status, from 100 on
  std::mutex idle_mutex_;
  std::condition_variable idle_;
};

}  // namespace youtu::http
