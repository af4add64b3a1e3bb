// OpenAI's API: POST /v1/chat/completions, POST /v1/completions, GET /v1/models and
// /v1/models/{id}.
#pragma once

#include "http/router.h"
#include "server/openai/chat_answer.h"
#include "server/openai/chat_request.h"
#include "server/openai/completion_answer.h"
#include "server/serving_state.h"

namespace youtu::openai {

// Thread-safe. REQUIRES: the state outlives it.
class OpenAiApi {
 public:
  explicit OpenAiApi(const ServingState& state) : state_(state) {}
  OpenAiApi(const OpenAiApi&) = delete;
  OpenAiApi& operator=(const OpenAiApi&) = delete;

  // REQUIRES: this outlives the server that uses the routes.
  void add_routes(http::Router& router);

 private:
  http::Reply chat_completions(const http::Request& request) const;
  http::Reply completions(const http::Request& request) const;
  http::Response models(const http::Request& request) const;
  http::Response model(const http::Request& request) const;
  Result<ChatCompletionJob> begin_chat(const http::Request& request) const;
  Result<CompletionJob> begin_completion(const http::Request& request) const;

  const ServingState& state_;
};

}  // namespace youtu::openai
