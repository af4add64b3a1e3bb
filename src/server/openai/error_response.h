// Errors as the clients of OpenAI's API know them.
#pragma once

#include <string>

#include "http/message.h"
#include "youtu/status.h"

namespace youtu::openai {

// Beside the status and the body: Retry-After and retry-after-ms where trying again may help, and
// x-should-retry: false where it cannot (the official client repeats every 5xx twice).
http::Response error_response(const Status& status);

std::string error_body(const Status& status);

// A model that this server does not serve: 404, code model_not_found.
Status unknown_model(const std::string& model);

}  // namespace youtu::openai
