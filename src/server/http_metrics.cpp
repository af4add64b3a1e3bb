#include "server/http_metrics.h"

#include "server/prometheus_text.h"

namespace youtu {

std::string http_metrics(const http::ServerStats& stats, std::string_view model_name) {
  PrometheusText text(PrometheusText::Labels{{"model_name", model_name}, {"engine", "0"}});
  text.gauge("youtu:http_connections", "Connections that are open.", stats.connections);
  text.gauge("youtu:http_connections_busy", "Of them, those with a request under way.", stats.busy);
  constexpr std::string_view kResponses = "youtu:http_responses_total";
  text.begin(kResponses, "Responses that were begun, by status.", "counter");
  for (const auto& [status, count] : stats.responses) {
    text.sample(kResponses, {{"code", std::to_string(status)}}, static_cast<double>(count));
  }
  return text.take();
}

}  // namespace youtu
