// The HTTP/1.1 server: one IO thread for all connections, a few workers for the handlers.
//
// Every wait has a timer, every buffer a limit. The IO thread never runs a handler and never
// blocks; it reads, asks what is pending for progress when wake() is called, and writes. When a
// client goes away while its answer is pending, the pending object is destroyed, and that is how
// its work is cancelled. A client that does not read holds back only its own answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/request_head.h"
#include "http/router.h"
#include "youtu/status.h"

namespace youtu::http {

// One request and its answer, when the answer has been sent or its client has gone.
struct ExchangeRecord {
  const Request& request;  // its body is gone
  int status = 0;
  int64_t bytes_sent = 0;
  double seconds = 0;        // from the whole head until the last byte
  bool is_complete = false;  // all of the answer was sent
};

// Who may connect: what can change while the server serves.
struct ServerRules {
  std::vector<std::string> allowed_hosts = {};    // besides localhost, address literals and `host`
  std::vector<std::string> allowed_origins = {};  // besides the server's own
  int max_connections = 1024;
  int max_connections_per_address = 64;
};

struct ServerOptions {
  std::string host = "127.0.0.1";
  int port = 8080;  // 0: any free port
  ServerRules rules;

  // Asked about every request before it is routed, on the IO thread: nothing, or the answer that
  // refuses it. May be empty.
  std::function<std::optional<Response>(Request&)> gate;

  // Told of every exchange, on the IO thread: must not block. May be empty.
  std::function<void(const ExchangeRecord&)> on_exchange;

  HeadLimits head;
  size_t max_body_bytes = 4u << 20;
  size_t max_buffered_body_bytes = 256u << 20;  // of all connections together
  size_t max_chunks = 4096;  // of a chunked body whose chunks hold less than 64 bytes on average
  int max_requests_per_connection = 100;
  int num_workers = 2;

  std::chrono::milliseconds header_timeout{
      10'000};  // the whole head, from its first byte or the connection's
  std::chrono::milliseconds body_idle_timeout{10'000};  // between two reads of a body
  std::chrono::milliseconds body_timeout{60'000};       // the whole body
  std::chrono::milliseconds keep_alive_timeout{15'000};
  std::chrono::milliseconds send_timeout{30'000};  // without any progress
  std::chrono::milliseconds heartbeat{10'000};  // silence of a stream before its heartbeat is sent
  int send_buffer_bytes = 128 << 10;            // the kernel's, for each connection

  // What all buffers together take at most: bodies, and of each connection what it has read ahead,
  // its head and what the kernel has still to send.
  int64_t max_buffer_bytes() const;
};

struct ServerStats {
  int connections = 0;
  int busy = 0;  // of them, those with a request being read, answered or sent
  std::map<int, int64_t> responses = {};  // that were begun, by status
};

class Network;

class Server {
 public:
  // Binds and listens, so that an address in use is known before anything slow begins. Nothing is
  // accepted yet.
  static Result<std::unique_ptr<Server>> bind(ServerOptions options);
  ~Server();  // stops

  int port() const;
  // "http://127.0.0.1:8080".
  std::string url() const;

  // Begins to accept. Call once.
  void start(Router router);

  // There may be progress for what is pending. Thread-safe, never blocks; calls that come before
  // the IO thread has looked are one.
  void wake();

  // Runs `work` on a worker thread, as handlers are, and looks afterwards at what is pending. For
  // what is pending and has to wait for a disk. Thread-safe; REQUIRES: start() has been called.
  void post(std::function<void()> work);

  // Puts other rules in force and calls `also` with them, on the IO thread between two requests: a
  // request meets either all of the old or all of the new. Connections that are open stay. Returns
  // when it is done. REQUIRES: start() has been called, stop() has not, and no call of either runs.
  void change(const ServerRules& rules, const std::function<void()>& also);

  // Lets what is under way finish, up to `timeout`; idle connections are closed, and every answer
  // closes its connection. New connections are still served, so that the application can tell them
  // that it is closing. True if nothing was left.
  bool drain(std::chrono::milliseconds timeout);

  // Closes every connection at once and ends the threads. Handlers that run are waited for.
  // Afterwards wake() does nothing, so whoever calls it may end later.
  void stop();

  ServerStats stats() const;

 private:
  explicit Server(std::unique_ptr<Network> network);
  std::unique_ptr<Network> network_;
};

}  // namespace youtu::http
