#include "server/status_api.h"

#include <cmath>
#include <string_view>

#include "base/check.h"
#include "base/json.h"
#include "server/openapi_document.h"
#include "server/wire.h"

namespace youtu {

namespace {

std::string_view name_of(LoadStage stage) {
  switch (stage) {
    case LoadStage::kPull:
      return "pull";
    case LoadStage::kFiles:
      return "files";
    case LoadStage::kWeights:
      return "weights";
  }
  UNREACHABLE();
}

OrderedJson loading_json(const LoadProgress::Reading& loading, double seconds) {
  const double share = loading.share;
  OrderedJson json;
  json["stage"] = name_of(loading.stage);
  json["percent"] = std::floor(share * 100);
  json["elapsed_seconds"] = std::round(seconds * 10) / 10;
  // As long as the rest of the stage takes at its pace so far.
  json["eta_seconds"] = share > 0 ? OrderedJson(std::ceil(loading.seconds * (1 - share) / share))
                                  : OrderedJson(nullptr);
  return json;
}

}  // namespace

void StatusApi::add_routes(http::Router& router) {
  router.add("GET", "/ready", [this](const http::Request&) { return ready(); });
  router.add("GET", "/version", [this](const http::Request&) { return version(); });
  router.add("GET", "/openapi.json", [](const http::Request&) {
    http::Response response;
    response.body = openapi_document();
    return response;
  });
}

http::Response StatusApi::ready() const {
  const Status status = state_.readiness();
  http::Response response = status ? http::Response{} : status_response(status);
  OrderedJson json;
  json["status"] = status ? "ready" : status.reason();
  json["model"] = state_.model_name();
  if (status.reason() == "loading") {
    const auto elapsed = std::chrono::steady_clock::now() - begin_;
    json.update(
        loading_json(state_.loading().read(), std::chrono::duration<double>(elapsed).count()));
  }
  response.body = dump_json(json);
  return response;
}

http::Response StatusApi::version() const {
  OrderedJson json;
  json["name"] = "youtu-serve";
  json["version"] = version_;
  http::Response response;
  response.body = dump_json(json);
  return response;
}

}  // namespace youtu
