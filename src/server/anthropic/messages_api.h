// Anthropic's API: POST /v1/messages and POST /v1/messages/count_tokens.
#pragma once

#include "http/router.h"
#include "server/anthropic/message_answer.h"
#include "server/serving_state.h"
#include "youtu/status.h"

namespace youtu::anthropic {

// Thread-safe. REQUIRES: the state outlives it.
class MessagesApi {
 public:
  explicit MessagesApi(const ServingState& state) : state_(state) {}
  MessagesApi(const MessagesApi&) = delete;
  MessagesApi& operator=(const MessagesApi&) = delete;

  // REQUIRES: this outlives the server that uses the routes.
  void add_routes(http::Router& router);

 private:
  http::Reply messages(const http::Request& request) const;
  http::Response count_tokens(const http::Request& request) const;

  const ServingState& state_;
};

}  // namespace youtu::anthropic
