// The answer of POST /v1/chat/completions: one body, or a stream of chunks.
#pragma once

#include <memory>
#include <utility>

#include "http/message.h"
#include "server/generation_run.h"
#include "server/openai/answer_head.h"
#include "server/openai/chat_request.h"
#include "youtu/tokenizer.h"

namespace youtu::openai {

struct ChatCompletionJob {
  GenerationRun run;
  ChatCompletionRequest request;
  AnswerHead head;
  const Tokenizer* tokenizer = nullptr;  // the engine's, which outlives the server
  double prepare_seconds = 0;            // until the engine had the request
};

std::unique_ptr<http::PendingResponse> make_chat_completion(ChatCompletionJob job);

// Server-sent events whose data is a chunk: first the role, then what the model says, then the
// finish reason, once for each choice; the usage if it was asked for; "[DONE]". A failure after the
// beginning is an event with the error's body, and the last one.
std::unique_ptr<http::BodyStream> make_chat_completion_stream(ChatCompletionJob job);

}  // namespace youtu::openai
