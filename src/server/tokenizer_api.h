// Text to tokens and back, for people who count: POST /tokenize and /detokenize under vLLM's and
// llama-server's field names, and POST /apply-template, which shows the prompt of a conversation.
#pragma once

#include "http/router.h"
#include "server/serving_state.h"

namespace youtu {

// Thread-safe. REQUIRES: the state outlives it.
class TokenizerApi {
 public:
  explicit TokenizerApi(const ServingState& state) : state_(state) {}

  // REQUIRES: this outlives the server that uses the routes.
  void add_routes(http::Router& router);

 private:
  const ServingState& state_;
};

}  // namespace youtu
