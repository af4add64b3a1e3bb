#include "server/native_api.h"

#include <algorithm>
#include <random>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "http/sse.h"
#include "server/chat_progress.h"
#include "server/engine_metrics.h"
#include "server/prometheus_text.h"

namespace youtu {

namespace {

// Enough tokens to see whether a prompt ends with a tag and line breaks.
constexpr size_t kPromptTailTokens = 8;

// "application/json", with no charset but UTF-8.
bool is_json_content(std::string_view type) {
  const auto trim = [](std::string_view text) {
    const size_t begin = text.find_first_not_of(" \t");
    return begin == std::string_view::npos
               ? std::string_view()
               : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
  };
  const size_t semicolon = std::min(type.find(';'), type.size());
  if (!http::equals_ignoring_case(trim(type.substr(0, semicolon)), "application/json"))
    return false;
  if (semicolon == type.size()) return true;
  const std::string_view parameter = trim(type.substr(semicolon + 1));
  return http::equals_ignoring_case(parameter, "charset=utf-8") ||
         http::equals_ignoring_case(parameter, "charset=\"utf-8\"");
}

// A seed that JavaScript can hold, so that a client can send back the one it was told.
uint64_t fresh_seed() {
  std::random_device device;
  const uint64_t bits = (static_cast<uint64_t>(device()) << 32) | device();
  return bits >> 11;
}

Result<std::vector<TokenId>> encode(const Tokenizer& tokenizer, const ChatRequest& request) {
  if (tokenizer.has_chat_template()) {
    ChatOptions options;
    options.enable_thinking = request.enable_thinking;
    return tokenizer.encode_chat(request.messages, options);
  }
  if (request.messages.size() == 1 && request.messages.front().role == "user") {
    return tokenizer.encode_prompt(request.messages.front().content);
  }
  return Status::invalid_argument("this model has no chat template: it takes a prompt, no messages",
                                  "messages", "no_chat_template");
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

// A page of another site may send a form or plain text without asking first, but not JSON.
std::optional<http::Response> refuse_content(const http::Request& request) {
  if (is_json_content(request.field("Content-Type").value_or(""))) return std::nullopt;
  return http::error_response(415, "the body must have Content-Type: application/json", {},
                              "content_type");
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

Result<ChatJob> NativeApi::begin(const http::Request& request) const {
  const TimePoint arrival = steady_clock().now();
  RETURN_IF_ERROR(readiness());
  Engine& engine = *engine_.load();
  // Before the work on its text: whoever storms a full server shall not take its processors as
  // well.
  RETURN_IF_ERROR(engine.check_room());
  Result<ChatRequest> chat = parse_chat_request(request.body, options_.defaults);
  RETURN_IF_ERROR(chat);
  Result<std::vector<TokenId>> prompt = encode(engine.tokenizer(), *chat);
  RETURN_IF_ERROR(prompt);
  if (!chat->sampling.seed) chat->sampling.seed = fresh_seed();
  ChatJob job;
  job.starts_in_reasoning = ends_in_open_thinking(engine.tokenizer(), *prompt);
  GenerationRequest generation;
  generation.prompt_tokens = *std::move(prompt);
  generation.sampling = chat->sampling;
  generation.skip_control_tokens =
      !(chat->enable_thinking && thinking_tags_are_control(engine.tokenizer()));
  generation.timeout = chat->timeout;
  generation.ttft_slo = chat->ttft_slo;
  generation.speculation = chat->speculation;
  if (!chat->prediction.empty()) {
    Result<std::vector<TokenId>> prediction =
        engine.tokenizer().encode(chat->prediction, /*trusted=*/false);
    RETURN_IF_ERROR(prediction);
    generation.prediction = *std::move(prediction);
  }
  generation.cache_salt = chat->cache_salt;
  generation.priority = chat->priority;
  generation.client = request.peer_address;
  job.prepare_seconds = seconds_between(arrival, steady_clock().now());
  Result<GenerationHandle> handle = engine.submit(std::move(generation));
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
  response.fields = chat_fields(job->request);
  response.fields.push_back(
      {"X-Accel-Buffering", "no"});  // nginx would collect the events otherwise
  response.stream = make_streamed_answer(*std::move(job));
  return response;
}

}  // namespace youtu
