#include "http/router.h"

#include <utility>

#include "base/check.h"

namespace youtu::http {

namespace {

// Methods that no path has: refused before the path is looked at.
bool is_proxy_method(std::string_view method) {
  return method == "CONNECT" || method == "TRACE";
}

Response method_not_allowed(const Request& request, std::string allowed) {
  Response response =
      error_response(405, request.method.substr(0, 16) + " is not possible here (" + allowed + ")",
                     {}, "method_not_allowed");
  response.fields.push_back({"Allow", std::move(allowed)});
  return response;
}

}  // namespace

void Router::add(std::string method, std::string path, Handler handler,
                 std::function<std::optional<Response>()> refuse) {
  for (const Route& route : routes_) CHECK(route.method != method || route.path != path);
  routes_.push_back({std::move(method), std::move(path), {std::move(handler), std::move(refuse)}});
}

std::vector<Router::Operation> Router::operations() const {
  std::vector<Operation> operations;
  for (const Route& route : routes_) operations.push_back({route.method, route.path});
  return operations;
}

bool Router::has_path(const Route& route, std::string_view path) {
  if (!route.path.ends_with('}')) return route.path == path;
  const std::string_view before = std::string_view(route.path).substr(0, route.path.find('{'));
  return path.starts_with(before) && path.size() > before.size() &&
         path.find('/', before.size()) == std::string_view::npos;
}

std::string Router::allowed_methods(std::string_view path) const {
  std::string methods;
  for (const Route& route : routes_) {
    if (!has_path(route, path)) continue;
    if (!methods.empty()) methods += ", ";
    methods += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  return methods;
}

std::variant<const Endpoint*, Response> Router::find(const Request& request) const {
  if (is_proxy_method(request.method))
    return method_not_allowed(request, "GET, HEAD, POST, OPTIONS");
  const std::string_view method =
      request.method == "HEAD" ? "GET" : std::string_view(request.method);
  for (const Route& route : routes_) {
    if (route.method == method && has_path(route, request.path)) return &route.endpoint;
  }
  std::string allowed = allowed_methods(request.path);
  if (allowed.empty())
    return error_response(404, "there is nothing at this path", {}, "unknown_path");
  if (request.method != "OPTIONS") return method_not_allowed(request, std::move(allowed));
  Response response;
  response.status = 204;
  response.fields.push_back({"Allow", std::move(allowed) + ", OPTIONS"});
  return response;
}

}  // namespace youtu::http
