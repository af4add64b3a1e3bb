#include "server/openai/answer_head.h"

#include <utility>

#include "base/content_hash.h"
#include "base/utf8.h"
#include "server/object_id.h"
#include "server/sampling_fields.h"
#include "server/timings_json.h"
#include "server/wire.h"

namespace youtu::openai {

namespace {

constexpr size_t kFingerprintDigits = 10;

std::string fingerprint(const ModelInfo& info) {
  ContentHash hash;
  for (const std::string* text :
       {&info.name, &info.architecture, &info.format, &info.weight_types, &info.isa}) {
    hash.add_text(*text);
  }
  hash.add_number(info.num_parameters);
  hash.add_number(info.weight_bytes);
  return "fp_" + hash.hexadecimal_128().substr(0, kFingerprintDigits);
}

}  // namespace

AnswerHead make_answer_head(std::string_view id_prefix, const std::string& model,
                            const ModelInfo& info) {
  return {make_object_id(id_prefix), std::time(nullptr), model, fingerprint(info)};
}

OrderedJson head_json(const AnswerHead& head, std::string_view object) {
  OrderedJson json;
  json["id"] = head.id;
  json["object"] = object;
  json["created"] = head.created;
  json["model"] = head.model;
  json["system_fingerprint"] = head.system_fingerprint;
  return json;
}

OrderedJson usage_json(const GenerationRun& run) {
  const Usage usage = run.usage();
  int64_t accepted = 0;
  int64_t drafted = 0;
  for (const ChoiceProgress& choice : run.choices()) {
    accepted += choice.last().timings.accepted_draft_tokens;
    drafted += choice.last().timings.draft_tokens;
  }
  OrderedJson json;
  json["prompt_tokens"] = usage.prompt_tokens;
  json["completion_tokens"] = usage.completion_tokens;
  json["total_tokens"] = usage.prompt_tokens + usage.completion_tokens;
  json["prompt_tokens_details"] = {{"cached_tokens", usage.cached_tokens}};
  json["completion_tokens_details"] = {{"reasoning_tokens", usage.reasoning_tokens},
                                       {"accepted_prediction_tokens", accepted},
                                       {"rejected_prediction_tokens", drafted - accepted}};
  return json;
}

std::string_view finish_reason(const ChoiceProgress& choice) {
  if (choice.last().finish_reason == FinishReason::kLength) return "length";
  return choice.has_calls() ? "tool_calls" : "stop";
}

OrderedJson stop_reason(const ChoiceProgress& choice) {
  const GenerationEvent& last = choice.last();
  if (last.finish_reason == FinishReason::kRepetition) return "repetition_loop";
  if (last.stop_token) return *last.stop_token;
  if (!last.stop_string.empty()) return last.stop_string;
  return nullptr;
}

bool ends_with_stop_token(const ChoiceProgress& choice) {
  return choice.last().finish_reason == FinishReason::kEndOfSequence;
}

std::span<const TokenLogprobs> content_logprobs(const ChoiceDelta& delta,
                                                bool ends_with_stop_token) {
  const std::span<const TokenLogprobs> all(delta.logprobs);
  return ends_with_stop_token && !all.empty() ? all.first(all.size() - 1) : all;
}

std::string token_text(const Tokenizer& tokenizer, TokenId token) {
  return replace_invalid_utf8(tokenizer.token_bytes(token));
}

void add_extensions(OrderedJson& json, const CommonFields& request, const GenerationRun& run,
                    double prepare_seconds) {
  if (!request.warnings.empty()) json["warnings"] = warnings_json(request.warnings);
  if (!request.sources.empty()) {
    json["preset"] = request.preset;
    json["parameters"] = sampling_fields(request.sampling);
    json["sources"] = OrderedJson::parse(request.sources);
  }
  if (!request.wants_timings) return;
  const GenerationEvent& last = run.choices().front().last();
  json["timings"] = timings_json(last.timings, last.usage, prepare_seconds);
}

std::vector<http::Field> answer_fields(const CommonFields& request) {
  std::string ignored = ignored_fields_header(request.warnings);
  if (ignored.empty()) return {};
  return {{"X-Ignored-Params", std::move(ignored)}};
}

}  // namespace youtu::openai
