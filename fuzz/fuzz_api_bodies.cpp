// The bodies of the APIs of OpenAI and Anthropic, and the calls that a model writes: whatever the
// bytes are, there is a request within its limits or an error that names its reason, and no piece
// of an answer is lost. The first byte says which.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/json.h"
#include "server/anthropic/message_answer.h"
#include "server/anthropic/message_request.h"
#include "server/openai/chat_request.h"
#include "server/openai/completion_request.h"
#include "server/openai/error_response.h"
#include "server/responses/response_request.h"
#include "server/tool_call_splitter.h"

namespace {

void check_error(const youtu::Status& status) {
  CHECK(!status.message().empty());
  CHECK(youtu::parse_json(youtu::openai::error_body(status)).is_ok());
  CHECK(youtu::parse_json(youtu::anthropic::error_body(status)).is_ok());
}

template <typename Request>
void check_request(const youtu::Result<Request>& request) {
  if (!request) return check_error(request.status());
  CHECK(youtu::validate(request->sampling).is_ok());
}

// Cut in two, the parts are those of the whole.
void check_calls(std::string_view text, size_t cut) {
  const auto gather = [](std::string_view first, std::string_view second) {
    youtu::ToolCallSplitter splitter;
    std::string all;
    for (const auto& parts : {splitter.push(first), splitter.push(second), splitter.finish()}) {
      all += parts.text;
      for (const youtu::ToolCallPart& part : parts.calls) all += part.name + part.arguments;
    }
    return all + std::to_string(splitter.num_calls());
  };
  // Text and calls may be told apart later when they come later, so only their sizes can be
  // compared.
  CHECK(gather(text, {}).size() == gather(text.substr(0, cut), text.substr(cut)).size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      check_request(youtu::openai::parse_chat_completion(body, {}));
      break;
    case 1:
      check_request(youtu::openai::parse_completion(body, {}));
      break;
    case 2:
      check_request(youtu::responses::parse_response_request(body, "recommended"));
      break;
    case 3:
      check_request(youtu::anthropic::parse_message_request(body, "recommended", size % 2 == 0));
      break;
    default:
      check_calls(body, data[0] % (body.size() + 1));
  }
  return 0;
}
