#include "server/native_api.h"

#include <algorithm>
#include <memory>
#include <random>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "http/sse.h"
#include "server/chat_progress.h"
#include "server/conversation.h"
#include "server/engine_metrics.h"
#include "server/json_content.h"
#include "server/prometheus_text.h"

namespace youtu {

namespace {

// Enough tokens to see whether a prompt ends with a tag and line breaks.
constexpr size_t kPromptTailTokens = 8;

// A seed that JavaScript can hold, so that a client can send back the one it was told.
uint64_t fresh_seed() {
  std::random_device device;
  const uint64_t bits = (static_cast<uint64_t>(device()) << 32) | device();
  return bits >> 11;
}

// Some templates open the thinking themselves. Without a template the end of the prompt is the
// user's text, which opens nothing.
bool ends_in_open_thinking(const Tokenizer& tokenizer, std::span<const TokenId> prompt) {
  if (!tokenizer.has_chat_template()) return false;
  const size_t tail = std::min(prompt.size(), kPromptTailTokens);
  std::string text = tokenizer.decode(prompt.subspan(prompt.size() - tail), /*skip_control=*/false);
  text.erase(text.find_last_not_of(" \r\n") + 1);
  return text.ends_with("<think>");
}

// Where the thinking tags are control tokens they would be left out of the text, and nothing would
// part the thoughts from the answer.
bool thinking_tags_are_control(const Tokenizer& tokenizer) {
  const std::optional<TokenId> tag = tokenizer.find_token("</think>");
  return tag && tokenizer.is_control(*tag);
}

Result<GenerationRequest> make_generation(const Tokenizer& tokenizer, const ChatRequest& chat,
                                          std::vector<TokenId> prompt) {
  GenerationRequest generation;
  generation.prompt_tokens = std::move(prompt);
  generation.sampling = chat.sampling;
  generation.skip_control_tokens = !(chat.enable_thinking && thinking_tags_are_control(tokenizer));
  generation.cache_salt = chat.scheduling.cache_salt;
  generation.priority = chat.scheduling.priority;
  generation.timeout = chat.scheduling.timeout;
  generation.ttft_slo = chat.scheduling.ttft_slo;
  generation.speculation = chat.scheduling.speculation;
  if (chat.scheduling.prediction.empty()) return generation;
  Result<std::vector<TokenId>> prediction =
      tokenizer.encode(chat.scheduling.prediction, /*trusted=*/false);
  RETURN_IF_ERROR(prediction);
  generation.prediction = *std::move(prediction);
  return generation;
}

}  // namespace

void NativeApi::add_routes(http::Router& router) {
  router.add("GET", "/health", [this](const http::Request&) { return health(); });
  router.add("GET", "/metrics", [this](const http::Request&) { return metrics(); });
  router.add("POST", "/chat", [this](const http::Request& request) { return chat(request); });
  router.add("POST", "/chat_stream",
             [this](const http::Request& request) { return chat_stream(request); });
}

void NativeApi::attach(Engine& engine) {
  engine_model_name_ = engine.model_info().name;
  engine_ = &engine;
}

const std::string& NativeApi::model_name() const {
  return options_.model_name.empty() && engine_.load() ? engine_model_name_ : options_.model_name;
}

Status NativeApi::readiness() const {
  if (draining_) return {StatusCode::kUnavailable, "the server is closing", {}, "draining"};
  if (!engine_.load()) return {StatusCode::kUnavailable, "the model is loading", {}, "loading"};
  return Status::ok();
}

http::Response NativeApi::health() const {
  const Status status = readiness();
  http::Response response = status ? http::Response{} : status_response(status);
  response.body = health_body(status ? "healthy" : status.reason(), model_name());
  return response;
}

// Answered while draining too: that is when someone watches.
http::Response NativeApi::metrics() const {
  const Engine* engine = engine_.load();
  if (!engine) return status_response(readiness());
  http::Response response;
  response.content_type = PrometheusText::kContentType;
  response.body = engine_metrics(engine->stats(), engine->model_info(), model_name());
  return response;
}

// A session that this server keeps; its turn is this request's alone until the job ends.
Result<std::shared_ptr<OpenTurn>> NativeApi::open_turn(const ChatRequest& chat,
                                                       const Tokenizer& tokenizer) const {
  if (!sessions_.store) {
    return Status::invalid_argument("this server keeps no sessions (setting: sessions)",
                                    "session_id", "sessions_off");
  }
  if (!tokenizer.has_chat_template()) {
    return Status::invalid_argument("this model has no chat template: it has no sessions",
                                    "session_id", "no_chat_template");
  }
  return sessions_.store->begin_turn({std::string(), *chat.session.id}, chat.messages);
}

Result<ChatJob> NativeApi::begin(const http::Request& request) const {
  const TimePoint arrival = steady_clock().now();
  RETURN_IF_ERROR(readiness());
  Engine& engine = *engine_.load();
  // Before the work on its text: whoever storms a full server shall not take its processors as
  // well.
  RETURN_IF_ERROR(engine.check_room());
  Result<ChatRequest> chat = parse_chat_request(request.body, options_.defaults);
  RETURN_IF_ERROR(chat);
  ChatJob job;
  Conversation conversation;
  PromptRules rules;
  if (chat->session.id) {
    Result<std::shared_ptr<OpenTurn>> turn = open_turn(*chat, engine.tokenizer());
    RETURN_IF_ERROR(turn);
    rules.history = chat->session.over((*turn)->session().history);
    conversation = conversation_of_session(**turn, chat->messages);
    job.commit.emplace(*std::move(turn), sessions_.post);
  } else {
    rules.history = chat->session.over({.policy = HistoryPolicy::kError});
    conversation = conversation_of_messages(chat->messages);
  }
  rules.room_tokens = engine.model_info().context_length - chat->sampling.max_new_tokens;
  rules.enable_thinking = chat->enable_thinking;
  Result<Prompt> prompt = make_prompt(engine.tokenizer(), conversation, rules);
  RETURN_IF_ERROR(prompt);
  if (chat->session.id || chat->session.has_history()) job.history = prompt->history;
  if (!chat->sampling.seed) chat->sampling.seed = fresh_seed();
  job.starts_in_reasoning = ends_in_open_thinking(engine.tokenizer(), prompt->tokens);
  Result<GenerationRequest> generation =
      make_generation(engine.tokenizer(), *chat, std::move(prompt->tokens));
  RETURN_IF_ERROR(generation);
  generation->client = request.peer_address;
  job.prepare_seconds = seconds_between(arrival, steady_clock().now());
  Result<GenerationHandle> handle = engine.submit(*std::move(generation));
  RETURN_IF_ERROR(handle);
  job.handle = *std::move(handle);
  job.request = *std::move(chat);
  job.model_name = model_name();
  job.give_up = std::chrono::steady_clock::now() + options_.request_timeout;
  job.is_cut_off = &is_cut_off_;
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
