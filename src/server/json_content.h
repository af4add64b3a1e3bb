// Bodies must say that they are JSON: a page of another site may send a form or plain text without
// asking first, but not JSON.
#pragma once

#include <optional>

#include "http/message.h"
#include "youtu/status.h"

namespace youtu {

// Fails with reason "content_type", of which HTTP makes 415, where the body is not application/json
// in UTF-8.
Status check_content(const http::Request& request);
// The answer that says so.
std::optional<http::Response> refuse_content(const http::Request& request);

}  // namespace youtu
