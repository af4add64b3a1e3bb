// The fields that /v1/chat/completions and /v1/completions have in common.
#pragma once

#include <string_view>
#include <vector>

#include "base/json.h"
#include "server/openai/chat_request.h"
#include "youtu/status.h"

namespace youtu::openai {

// `text` is the body as it came; `preset` is what stands where the request names none. REQUIRES:
// `body` is an object.
Status read_common_fields(const Json& body, std::string_view text, std::string_view preset,
                          CommonFields& fields);

// The names that read_common_fields() knows, and those that are accepted without effect.
std::vector<std::string_view> common_field_names();
std::vector<std::string_view> unused_field_names();

}  // namespace youtu::openai
