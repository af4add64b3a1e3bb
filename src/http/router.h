// Which endpoint answers a request: exact paths, no decoding. The last segment of a path may be a
// {name}, which stands for any one segment that is not empty.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "http/message.h"

namespace youtu::http {

class Router {
 public:
  // REQUIRES: that method and path were not added before.
  void add(std::string method, std::string path, Handler handler,
           std::function<std::optional<Response>()> refuse = {});

  struct Operation {
    std::string method;
    std::string path;
    auto operator<=>(const Operation&) const = default;
  };
  // All that were added.
  std::vector<Operation> operations() const;

  // The endpoint, or the answer that says why there is none: 404, 405 with Allow, or the reply to
  // OPTIONS. GET answers HEAD as well.
  std::variant<const Endpoint*, Response> find(const Request& request) const;

 private:
  struct Route {
    std::string method;
    std::string path;
    Endpoint endpoint;
  };
  static bool has_path(const Route& route, std::string_view path);
  std::string allowed_methods(std::string_view path) const;

  std::vector<Route> routes_;
};

}  // namespace youtu::http
