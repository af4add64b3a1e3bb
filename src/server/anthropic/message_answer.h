// The answer of POST /v1/messages: one body, or a stream of events. Content comes in blocks, one
// after another: the thought, the text, each call of a tool.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "http/message.h"
#include "server/generation_run.h"
#include "youtu/status.h"

namespace youtu::anthropic {

struct MessageJob {
  GenerationRun run;  // of one choice
  std::string id;
  std::string model;
  int64_t prompt_tokens = 0;
  std::vector<http::Field> fields;  // of the answer's head
};

std::unique_ptr<http::PendingResponse> make_message(MessageJob job);

// message_start, then for each block content_block_start, content_block_delta … and
// content_block_stop, then message_delta and message_stop. A failure is an event "error", the last.
std::unique_ptr<http::BodyStream> make_message_stream(MessageJob job);

// {"type":"error","error":{"type":…,"message":…}}, the type after the HTTP status.
std::string error_body(const Status& status);
http::Response error_response(const Status& status);

}  // namespace youtu::anthropic
