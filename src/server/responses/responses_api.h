// OpenAI's responses API: POST /v1/responses, GET and DELETE /v1/responses/{id}. Responses that are
// to be stored are turns of sessions: resp_<session>_<turn>. What continues another one than the
// last begins a branch, which is a session of its own.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "http/router.h"
#include "server/native_api.h"
#include "server/responses/provisional_session.h"
#include "server/responses/response_answer.h"
#include "server/responses/response_request.h"
#include "server/serving_state.h"
#include "youtu/status.h"

namespace youtu::responses {

// Where a stored response lies.
struct ResponseId {
  std::string session;
  int64_t turn = 0;
};

// Thread-safe. REQUIRES: the state outlives it.
class ResponsesApi {
 public:
  explicit ResponsesApi(const ServingState& state) : state_(state) {}
  ResponsesApi(const ResponsesApi&) = delete;
  ResponsesApi& operator=(const ResponsesApi&) = delete;

  // Without sessions nothing is stored, and answers say so. Call before the routes are served.
  // REQUIRES: the store outlives the server.
  void keep_sessions(SessionSupport sessions) { sessions_ = std::move(sessions); }

  // REQUIRES: this outlives the server that uses the routes.
  void add_routes(http::Router& router);

 private:
  http::Reply create(const http::Request& request) const;
  http::Response read(const http::Request& request) const;
  http::Response remove(const http::Request& request) const;
  Result<ResponseJob> begin(const http::Request& request, bool& stream) const;
  // Where a request stands in what is stored.
  struct Place {
    std::vector<Turn> history;
    std::unique_ptr<ProvisionalSession> session;  // where it was made for this answer
    std::shared_ptr<OpenTurn> turn;  // none where the answer is not to be stored; ends first
  };
  Result<Place> find_place(const ResponseRequest& response, const std::string& owner) const;
  Status begin_behind(const ResponseId& previous, const std::string& owner,
                      const std::vector<ChatMessage>& messages, Place& place) const;
  Status begin_in_new(const Result<Session>& session, const std::string& owner,
                      const std::vector<ChatMessage>& messages, Place& place) const;
  Status read_history(const ResponseId& previous, const std::string& owner, Place& place) const;

  const ServingState& state_;
  SessionSupport sessions_;
};

}  // namespace youtu::responses
