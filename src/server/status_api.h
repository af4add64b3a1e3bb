// How a server is doing, and what it is: GET /ready, which says how far loading is, GET /version,
// and GET /openapi.json, the description of its API.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "http/router.h"
#include "server/serving_state.h"

namespace youtu {

// Thread-safe. REQUIRES: the state outlives it.
class StatusApi {
 public:
  StatusApi(const ServingState& state, std::string version)
      : state_(state), version_(std::move(version)), begin_(std::chrono::steady_clock::now()) {}

  // REQUIRES: this outlives the server that uses the routes.
  void add_routes(http::Router& router);

 private:
  http::Response ready() const;
  http::Response version() const;

  const ServingState& state_;
  const std::string version_;
  const std::chrono::steady_clock::time_point begin_;
};

}  // namespace youtu
