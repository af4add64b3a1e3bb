// What all parts of an answer say alike, and the pieces that the endpoints' bodies share.
#pragma once

#include <ctime>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "http/message.h"
#include "server/generation_run.h"
#include "server/openai/chat_request.h"
#include "youtu/engine.h"
#include "youtu/logprobs.h"
#include "youtu/tokenizer.h"
#include "youtu/types.h"

namespace youtu::openai {

struct AnswerHead {
  std::string id;
  std::time_t created = 0;
  std::string model;
  std::string system_fingerprint;  // changes with whatever changes the numbers
};
AnswerHead make_answer_head(std::string_view id_prefix, const std::string& model,
                            const ModelInfo& info);

// {"id", "object", "created", "model", "system_fingerprint"}, to which the rest is added.
OrderedJson head_json(const AnswerHead& head, std::string_view object);

OrderedJson usage_json(const GenerationRun& run);

// "stop", "length" or "tool_calls": OpenAI's clients know no others.
std::string_view finish_reason(const ChoiceProgress& choice);
// vLLM's: the stop string or token that ended the choice, ours for a loop, else null.
OrderedJson stop_reason(const ChoiceProgress& choice);

// The last token of a choice that ended by itself is no part of its content, and has no logprobs.
std::span<const TokenLogprobs> content_logprobs(const ChoiceDelta& delta,
                                                bool ends_with_stop_token);
bool ends_with_stop_token(const ChoiceProgress& choice);

// A token as text, replacement characters where it is no whole character.
std::string token_text(const Tokenizer& tokenizer, TokenId token);

// What an answer says besides OpenAI's fields: warnings, timings, the parameters in force.
void add_extensions(OrderedJson& json, const CommonFields& request, const GenerationRun& run,
                    double prepare_seconds);
std::vector<http::Field> answer_fields(const CommonFields& request);

}  // namespace youtu::openai
