// The sessions themselves: POST and GET /sessions, GET and DELETE /sessions/{id}.
#pragma once

#include "chat/session_store.h"
#include "http/router.h"

namespace youtu {

// Thread-safe. It needs no model, so it answers from the first moment to the last.
class SessionsApi {
 public:
  // REQUIRES: the store outlives the server that uses the routes.
  explicit SessionsApi(SessionStore& store) : store_(store) {}

  // REQUIRES: this outlives the server that uses the routes.
  void add_routes(http::Router& router);

 private:
  http::Response create(const http::Request& request);
  http::Response list(const http::Request& request);
  http::Response read(const http::Request& request);
  http::Response remove(const http::Request& request);

  SessionStore& store_;
};

}  // namespace youtu
