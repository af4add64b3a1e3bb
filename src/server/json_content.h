// Bodies must say that they are JSON: a page of another site may send a form or plain text without
// asking first, but not JSON.
#pragma once

#include <optional>

#include "http/message.h"

namespace youtu {

// The answer 415 to a body that is not application/json in UTF-8.
std::optional<http::Response> refuse_content(const http::Request& request);

}  // namespace youtu
