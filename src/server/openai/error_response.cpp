#include "server/openai/error_response.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/utf8.h"
#include "server/wire.h"

namespace youtu::openai {

namespace {

// Beyond a minute the official client ignores what it is told, and comes back at once.
constexpr double kMaxRetrySeconds = 60;
constexpr double kRetrySeconds = 2;
constexpr size_t kMaxShownBytes = 64;

// The native API's reasons under OpenAI's names.
Status with_known_code(const Status& status) {
  std::string_view code = status.reason();
  if (code == "loading") code = "model_loading";
  if (code == "draining") code = "shutting_down";
  return Status(status.code(), status.message(), status.param(), std::string(code))
      .with_retry_after(status.retry_after_seconds());
}

// A full server is 429 to these clients: they know it as a RateLimitError, and wait.
int openai_status(const Status& status) {
  const std::string& reason = status.reason();
  if (reason == "queue_full" || reason == "slo_unattainable") return 429;
  if (reason == "model_not_found") return 404;
  return http_status(status);
}

}  // namespace

std::string error_body(const Status& status) {
  const Status known = with_known_code(status);
  return http::error_body(openai_status(known), known.message(), known.param(), error_code(known));
}

http::Response error_response(const Status& status) {
  http::Response response;
  response.status = openai_status(status);
  response.body = error_body(status);
  if (response.status == 429 || response.status == 503) {
    const double known = status.retry_after_seconds();
    const double seconds = std::clamp(known > 0 ? known : kRetrySeconds, 0.001, kMaxRetrySeconds);
    const auto whole = static_cast<int>(std::ceil(seconds));
    response.fields.push_back({"Retry-After", std::to_string(whole)});
    response.fields.push_back(
        {"retry-after-ms", std::to_string(static_cast<int>(std::ceil(seconds * 1000)))});
  } else if (response.status >= 500) {
    response.fields.push_back({"x-should-retry", "false"});
  }
  return response;
}

Status unknown_model(const std::string& model) {
  return {StatusCode::kNotFound,
          "the model " + replace_invalid_utf8(model.substr(0, kMaxShownBytes)) +
              " is not served here (GET /v1/models lists the names)",
          "model", "model_not_found"};
}

}  // namespace youtu::openai
