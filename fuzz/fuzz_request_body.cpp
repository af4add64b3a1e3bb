// The body of /chat: whatever the bytes are, there is a request within its limits or an error that
// names its reason.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/json.h"
#include "server/message_fields.h"
#include "server/wire.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  youtu::ChatDefaults defaults;
  defaults.clean_input = size % 2 == 1;
  const youtu::Result<youtu::ChatRequest> request = youtu::parse_chat_request(body, defaults);
  if (!request) {
    CHECK(!request.status().message().empty());
    CHECK(youtu::parse_json(youtu::status_body(request.status())).is_ok());
    return 0;
  }
  CHECK(youtu::validate(request->sampling).is_ok());
  CHECK(!request->messages.empty() && request->messages.size() <= youtu::kMaxMessages + 1);
  CHECK(youtu::parse_json(youtu::chat_answer_body({}, *request, "model")).is_ok());
  for (const char c : youtu::ignored_fields_header(request->warnings)) CHECK(c >= ' ' && c != 0x7f);
  return 0;
}
