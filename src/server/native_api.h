// The service of the tuning guide: GET /health, POST /chat, POST /chat_stream; and GET /metrics,
// GET /presets.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "chat/session_store.h"
#include "http/router.h"
#include "server/chat_progress.h"
#include "server/serving_state.h"
#include "server/turn_commit.h"
#include "server/wire.h"
#include "youtu/tokenizer.h"

namespace youtu {

// Where sessions are kept. Without a store there are none.
struct SessionSupport {
  SessionStore* store = nullptr;
  PostWork post;
};

// Thread-safe. REQUIRES: the state outlives it.
class NativeApi {
 public:
  explicit NativeApi(const ServingState& state) : state_(state) {}
  NativeApi(const NativeApi&) = delete;
  NativeApi& operator=(const NativeApi&) = delete;

  // Call before the routes are served. REQUIRES: the store outlives the server.
  void keep_sessions(SessionSupport sessions) { sessions_ = std::move(sessions); }

  // REQUIRES: this outlives the server that uses the routes.
  void add_routes(http::Router& router);

 private:
  http::Response health() const;
  http::Response metrics() const;
  http::Reply chat(const http::Request& request) const;
  http::Reply chat_stream(const http::Request& request) const;
  Result<ChatJob> begin(const http::Request& request) const;
  Result<std::shared_ptr<OpenTurn>> open_turn(const ChatRequest& chat, const std::string& owner,
                                              const Tokenizer& tokenizer) const;

  const ServingState& state_;
  SessionSupport sessions_;
};

}  // namespace youtu
