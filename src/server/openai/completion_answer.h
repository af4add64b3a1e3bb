// The answer of POST /v1/completions: one body, or a stream.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/message.h"
#include "server/generation_run.h"
#include "server/openai/answer_head.h"
#include "server/openai/completion_request.h"
#include "youtu/tokenizer.h"

namespace youtu::openai {

struct CompletionJob {
  GenerationRun run;  // the choices of the first prompt, then of the second, ...
  CompletionRequest request;
  AnswerHead head;
  std::vector<std::string> echoes;  // of each choice, the prompt; empty if not asked for
  const Tokenizer* tokenizer = nullptr;
  int64_t prompt_tokens = 0;  // of all prompts
  double prepare_seconds = 0;
};

std::unique_ptr<http::PendingResponse> make_completion(CompletionJob job);
std::unique_ptr<http::BodyStream> make_completion_stream(CompletionJob job);

}  // namespace youtu::openai
