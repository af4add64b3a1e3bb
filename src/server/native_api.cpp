#include "server/native_api.h"

#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "http/sse.h"
#include "server/chat_progress.h"
#include "server/conversation.h"
#include "server/engine_metrics.h"
#include "server/fresh_seed.h"
#include "server/http_metrics.h"
#include "server/json_content.h"
#include "server/presets_json.h"
#include "server/prometheus_text.h"
#include "server/request_client.h"
#include "server/thinking.h"

namespace youtu {

namespace {

ChatDefaults chat_defaults(const RequestSettings& settings) {
  return {.preset = settings.preset,
          .preset_source = settings.preset_source,
          .clean_input = settings.clean_input,
          .is_strict = settings.is_strict};
}

Result<GenerationRequest> make_generation(const Tokenizer& tokenizer, const ChatRequest& chat,
                                          std::vector<TokenId> prompt) {
  GenerationRequest generation;
  generation.thought = thought_rules(tokenizer, prompt, chat.last_words);
  generation.prompt_tokens = std::move(prompt);
  generation.sampling = chat.sampling;
  generation.output_format = chat.output_format;
  generation.skip_control_tokens = !(chat.enable_thinking && thinking_tags_are_control(tokenizer));
  RETURN_IF_ERROR(apply_scheduling(chat.scheduling, tokenizer, generation));
  return generation;
}

}  // namespace

void NativeApi::add_routes(http::Router& router) {
  router.add("GET", "/health", [this](const http::Request&) { return health(); });
  router.add("GET", "/metrics", [this](const http::Request&) { return metrics(); });
  router.add("GET", "/presets", [this](const http::Request& request) {
    http::Response response;
    response.body = presets_body(state_.settings_of(request)->preset);
    return response;
  });
  const auto refuse = state_.refusal_without_room(status_response);
  router.add(
      "POST", "/chat", [this](const http::Request& request) { return chat(request); }, refuse);
  router.add(
      "POST", "/chat_stream", [this](const http::Request& request) { return chat_stream(request); },
      refuse);
}

http::Response NativeApi::health() const {
  const Status status = state_.readiness();
  http::Response response = status ? http::Response{} : status_response(status);
  response.body = health_body(status ? "healthy" : status.reason(), state_.model_name());
  return response;
}

// Answered while draining too: that is when someone watches.
http::Response NativeApi::metrics() const {
  const Engine* engine = state_.engine();
  if (!engine) return status_response(state_.readiness());
  http::Response response;
  response.content_type = PrometheusText::kContentType;
  response.body = engine_metrics(engine->stats(), engine->model_info(), state_.model_name());
  response.body += state_.reloads().metrics(state_.model_name());
  if (state_.http_stats) response.body += http_metrics(state_.http_stats(), state_.model_name());
  return response;
}

// A session that this server keeps; its turn is this request's alone until the job ends.
Result<std::shared_ptr<OpenTurn>> NativeApi::open_turn(const ChatRequest& chat,
                                                       const std::string& owner,
                                                       const Tokenizer& tokenizer) const {
  if (!sessions_.store) {
    return Status::invalid_argument("this server keeps no sessions (setting: sessions)",
                                    "session_id", "sessions_off");
  }
  if (!tokenizer.has_chat_template()) {
    return Status::invalid_argument("this model has no chat template: it has no sessions",
                                    "session_id", "no_chat_template");
  }
  return sessions_.store->begin_turn({owner, *chat.session.id}, chat.messages,
                                     chat.session.from_turn);
}

Result<ChatJob> NativeApi::begin(const http::Request& request) const {
  const TimePoint arrival = steady_clock().now();
  RETURN_IF_ERROR(state_.check_room());
  Engine& engine = state_.ready_engine();
  const auto settings = state_.settings_of(request);
  Result<ChatRequest> chat = parse_chat_request(request.body, chat_defaults(*settings));
  RETURN_IF_ERROR(chat);
  ChatJob job;
  Conversation conversation;
  PromptRules rules;
  if (chat->session.id) {
    Result<std::shared_ptr<OpenTurn>> turn = open_turn(*chat, request.client, engine.tokenizer());
    RETURN_IF_ERROR(turn);
    rules.history = chat->session.over((*turn)->session().history);
    conversation = conversation_of_session(**turn, request.client, chat->messages);
    job.commit.emplace(*std::move(turn), sessions_.post);
  } else {
    rules.history = chat->session.over({.policy = HistoryPolicy::kError});
    conversation = conversation_of_messages(chat->messages);
  }
  const Result<WindowCache> window_cache = window_cache_in_force(
      chat->session, settings->window_cache, rules.history.policy, settings->has_prefix_cache);
  RETURN_IF_ERROR(window_cache);
  rules.window_cache = *window_cache;
  rules.room_tokens = engine.model_info().context_length - chat->sampling.max_new_tokens;
  rules.options.enable_thinking = chat->enable_thinking;
  Result<Prompt> prompt = make_prompt(engine.tokenizer(), conversation, rules);
  RETURN_IF_ERROR(prompt);
  if (chat->session.id || chat->session.has_history()) job.history = prompt->history;
  if (!chat->sampling.seed) chat->sampling.seed = fresh_seed();
  job.tokenizer = &engine.tokenizer();
  Result<GenerationRequest> generation =
      make_generation(engine.tokenizer(), *chat, std::move(prompt->tokens));
  RETURN_IF_ERROR(generation);
  job.starts_in_reasoning = generation->thought->is_open;
  set_client(request, *generation);
  generation->window = std::move(prompt->window);
  job.prepare_seconds = seconds_between(arrival, steady_clock().now());
  Result<GenerationHandle> handle = engine.submit(*std::move(generation));
  RETURN_IF_ERROR(handle);
  job.handle = *std::move(handle);
  job.request = *std::move(chat);
  job.model_name = state_.model_name();
  job.give_up = settings->give_up_time();
  job.is_cut_off = state_.is_cut_off();
  return job;
}

http::Reply NativeApi::chat(const http::Request& request) const {
  if (auto refusal = refuse_content(request)) return *std::move(refusal);
  Result<ChatJob> job = begin(request);
  if (!job) return status_response(job.status());
  return make_plain_answer(*std::move(job));
}

http::Reply NativeApi::chat_stream(const http::Request& request) const {
  if (auto refusal = refuse_content(request)) return *std::move(refusal);
  Result<ChatJob> job = begin(request);
  if (!job) return status_response(job.status());
  http::Response response;
  response.content_type = http::kSseContentType;
  response.fields = chat_fields(*job);
  response.fields.push_back(
      {"X-Accel-Buffering", "no"});  // nginx would collect the events otherwise
  response.stream = make_streamed_answer(*std::move(job));
  return response;
}

}  // namespace youtu
