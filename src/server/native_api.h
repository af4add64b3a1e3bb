// The service of the tuning guide: GET /health, POST /chat, POST /chat_stream; and GET /metrics.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "chat/session_store.h"
#include "http/router.h"
#include "server/chat_progress.h"
#include "server/turn_commit.h"
#include "server/wire.h"
#include "youtu/engine.h"

namespace youtu {

struct NativeApiOptions {
  std::string model_name;  // empty: the name that the engine's model has
  ChatDefaults defaults;
  std::chrono::seconds request_timeout{600};
};

// Where sessions are kept. Without a store there are none.
struct SessionSupport {
  SessionStore* store = nullptr;
  PostWork post;
};

// Thread-safe. It answers from the first moment; until attach() and after begin_drain() it says
// that it is not ready.
class NativeApi {
 public:
  explicit NativeApi(NativeApiOptions options) : options_(std::move(options)) {}
  NativeApi(const NativeApi&) = delete;
  NativeApi& operator=(const NativeApi&) = delete;

  // Call before the routes are served. REQUIRES: the store outlives the server.
  void keep_sessions(SessionSupport sessions) { sessions_ = std::move(sessions); }

  // REQUIRES: this outlives the server that uses the routes.
  void add_routes(http::Router& router);

  // REQUIRES: the engine outlives the server. Call once.
  void attach(Engine& engine);
  void begin_drain() { draining_ = true; }
  // Answers under way end with an error when they are next looked at (http::Server::wake()).
  void cut_off() { is_cut_off_ = true; }

 private:
  http::Response health() const;
  http::Response metrics() const;
  http::Reply chat(const http::Request& request) const;
  http::Reply chat_stream(const http::Request& request) const;
  Result<ChatJob> begin(const http::Request& request) const;
  Result<std::shared_ptr<OpenTurn>> open_turn(const ChatRequest& chat,
                                              const Tokenizer& tokenizer) const;
  Status readiness() const;
  const std::string& model_name() const;

  const NativeApiOptions options_;
  SessionSupport sessions_;
  std::string engine_model_name_;  // written before engine_, read only after it
  std::atomic<Engine*> engine_{nullptr};
  std::atomic<bool> draining_{false};
  std::atomic<bool> is_cut_off_{false};
};

}  // namespace youtu
