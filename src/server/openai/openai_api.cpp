#include "server/openai/openai_api.h"

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "http/sse.h"
#include "server/chat_task.h"
#include "server/json_content.h"
#include "server/openai/error_response.h"
#include "server/percent_decode.h"
#include "server/request_client.h"
#include "server/start_choices.h"

namespace youtu::openai {

namespace {

Defaults openai_defaults(const RequestSettings& settings) {
  Defaults defaults;
  defaults.preset = settings.openai_preset;
  defaults.is_strict = settings.is_strict;
  return defaults;
}

OrderedJson model_json(const std::string& name, const ServingState& state) {
  const ModelInfo& info = state.ready_engine().model_info();
  OrderedJson json;
  json["id"] = name;
  json["object"] = "model";
  json["created"] = state.start_time();
  json["owned_by"] = "youtu-serve";
  json["root"] = state.model_name();
  json["max_model_len"] = info.context_length;  // vLLM's name
  return json;
}

http::Response json_response(const OrderedJson& json) {
  http::Response response;
  response.body = dump_json(json);
  return response;
}

http::Response stream_response(std::vector<http::Field> fields,
                               std::unique_ptr<http::BodyStream> stream) {
  http::Response response;
  response.content_type = http::kSseContentType;
  response.fields = std::move(fields);
  response.fields.push_back({"Cache-Control", "no-cache"});
  response.fields.push_back({"X-Accel-Buffering", "no"});  // nginx would collect the events
  response.stream = std::move(stream);
  return response;
}

// What the request says of its generation, but the prompt.
Result<GenerationRequest> make_generation(const CommonFields& fields, const Tokenizer& tokenizer,
                                          const http::Request& http_request) {
  GenerationRequest generation;
  generation.sampling = fields.sampling;
  generation.skip_control_tokens = fields.skip_special_tokens;
  generation.output_format = fields.output_format;
  RETURN_IF_ERROR(apply_scheduling(fields.scheduling, tokenizer, generation));
  set_client(http_request, generation);
  return generation;
}

Result<std::vector<TokenId>> encode_prompt(const CompletionPrompt& prompt,
                                           const Tokenizer& tokenizer) {
  if (const auto* text = std::get_if<std::string>(&prompt)) return tokenizer.encode_prompt(*text);
  return std::get<std::vector<TokenId>>(prompt);
}

}  // namespace

void OpenAiApi::add_routes(http::Router& router) {
  const auto refuse = state_.refusal_without_room(error_response);
  router.add(
      "POST", "/v1/chat/completions",
      [this](const http::Request& request) { return chat_completions(request); }, refuse);
  router.add(
      "POST", "/v1/completions",
      [this](const http::Request& request) { return completions(request); }, refuse);
  router.add("GET", "/v1/models", [this](const http::Request& request) { return models(request); });
  router.add("GET", "/v1/models/{id}",
             [this](const http::Request& request) { return model(request); });
}

http::Response OpenAiApi::models(const http::Request& request) const {
  if (const Status status = state_.readiness(); !status) return error_response(status);
  OrderedJson json;
  json["object"] = "list";
  json["data"] = OrderedJson::array();
  json["data"].push_back(model_json(state_.model_name(), state_));
  for (const std::string& alias : state_.settings_of(request)->model_aliases) {
    json["data"].push_back(model_json(alias, state_));
  }
  return json_response(json);
}

http::Response OpenAiApi::model(const http::Request& request) const {
  if (const Status status = state_.readiness(); !status) return error_response(status);
  const std::string name = percent_decode(request.last_segment());
  if (!state_.knows_model(name, *state_.settings_of(request)))
    return error_response(unknown_model(name));
  return json_response(model_json(name, state_));
}

Result<ChatCompletionJob> OpenAiApi::begin_chat(const http::Request& request) const {
  const TimePoint arrival = steady_clock().now();
  RETURN_IF_ERROR(state_.check_room());
  Engine& engine = state_.ready_engine();
  const Tokenizer& tokenizer = engine.tokenizer();
  const auto settings = state_.settings_of(request);
  Result<ChatCompletionRequest> chat =
      parse_chat_completion(request.body, openai_defaults(*settings));
  RETURN_IF_ERROR(chat);
  if (!state_.knows_model(chat->model, *settings)) return unknown_model(chat->model);
  Result<GenerationRequest> generation = make_generation(*chat, tokenizer, request);
  RETURN_IF_ERROR(generation);
  ChatTask task;
  task.messages = std::move(chat->messages);
  task.generation = *std::move(generation);
  task.has_max_tokens = chat->has_max_tokens;
  task.num_choices = chat->num_choices;
  task.enable_thinking = chat->enable_thinking;
  task.last_words = chat->last_words;
  task.tools = chat->tools;
  task.tool_choice = chat->tool_choice;
  task.may_call_several = chat->parallel_tool_calls;
  Result<StartedChat> started = start_chat(state_, *settings, std::move(task));
  RETURN_IF_ERROR(started);
  const double prepare_seconds = seconds_between(arrival, steady_clock().now());
  chat->sampling = started->sampling;
  AnswerHead head = make_answer_head("chatcmpl-", chat->model, engine.model_info());
  return ChatCompletionJob{std::move(started->run), *std::move(chat), std::move(head), &tokenizer,
                           prepare_seconds};
}

http::Reply OpenAiApi::chat_completions(const http::Request& request) const {
  if (auto refusal = refuse_content(request)) return *std::move(refusal);
  Result<ChatCompletionJob> job = begin_chat(request);
  if (!job) return error_response(job.status());
  if (!job->request.stream) return make_chat_completion(*std::move(job));
  std::vector<http::Field> fields = answer_fields(job->request);
  return stream_response(std::move(fields), make_chat_completion_stream(*std::move(job)));
}

Result<CompletionJob> OpenAiApi::begin_completion(const http::Request& request) const {
  const TimePoint arrival = steady_clock().now();
  RETURN_IF_ERROR(state_.check_room());
  Engine& engine = state_.ready_engine();
  const Tokenizer& tokenizer = engine.tokenizer();
  const auto settings = state_.settings_of(request);
  Result<CompletionRequest> parsed = parse_completion(request.body, openai_defaults(*settings));
  RETURN_IF_ERROR(parsed);
  CompletionRequest& completion = *parsed;
  if (!state_.knows_model(completion.model, *settings)) return unknown_model(completion.model);
  const Result<GenerationRequest> common = make_generation(completion, tokenizer, request);
  RETURN_IF_ERROR(common);
  const ChoiceRules rules = {.splits_reasoning = false};
  std::vector<ChoiceProgress> choices;
  std::vector<std::string> echoes;
  int64_t prompt_tokens = 0;
  for (const CompletionPrompt& prompt : completion.prompts) {
    GenerationRequest generation = *common;
    Result<std::vector<TokenId>> tokens = encode_prompt(prompt, tokenizer);
    RETURN_IF_ERROR(tokens);
    generation.prompt_tokens = *std::move(tokens);
    const auto size = static_cast<int64_t>(generation.prompt_tokens.size());
    RETURN_IF_ERROR(fit_answer(size, engine.model_info().context_length, true, {.prompt = "prompt"},
                               generation.sampling));
    prompt_tokens += size;
    Result<std::vector<ChoiceProgress>> some =
        start_choices(engine, generation, completion.num_choices, rules);
    RETURN_IF_ERROR(some);
    for (ChoiceProgress& choice : *some) {
      choices.push_back(std::move(choice));
      if (!completion.echo) continue;
      const auto* text = std::get_if<std::string>(&prompt);
      echoes.push_back(text ? *text : tokenizer.decode(generation.prompt_tokens, true));
    }
  }
  AnswerHead head = make_answer_head("cmpl-", completion.model, engine.model_info());
  const double prepare_seconds = seconds_between(arrival, steady_clock().now());
  return CompletionJob{GenerationRun(std::move(choices), state_, *settings),
                       *std::move(parsed),
                       std::move(head),
                       std::move(echoes),
                       &tokenizer,
                       prompt_tokens,
                       prepare_seconds};
}

http::Reply OpenAiApi::completions(const http::Request& request) const {
  if (auto refusal = refuse_content(request)) return *std::move(refusal);
  Result<CompletionJob> job = begin_completion(request);
  if (!job) return error_response(job.status());
  if (!job->request.stream) return make_completion(*std::move(job));
  std::vector<http::Field> fields = answer_fields(job->request);
  return stream_response(std::move(fields), make_completion_stream(*std::move(job)));
}

}  // namespace youtu::openai
