#include "server/anthropic/message_answer.h"

#include <optional>
#include <utility>
#include <vector>

#include "base/json.h"
#include "http/sse.h"
#include "server/anthropic/content_collector.h"
#include "server/wire.h"

namespace youtu::anthropic {

namespace {

std::string_view error_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 503:
      return "overloaded_error";
    default:
      return status < 500 ? "invalid_request_error" : "api_error";
  }
}

std::string_view stop_reason(const ChoiceProgress& choice) {
  if (choice.last().finish_reason == FinishReason::kLength) return "max_tokens";
  if (choice.has_calls()) return "tool_use";
  return choice.last().finish_reason == FinishReason::kStopString ? "stop_sequence" : "end_turn";
}

OrderedJson stop_sequence(const ChoiceProgress& choice) {
  const std::string& stop = choice.last().stop_string;
  return stop.empty() ? OrderedJson(nullptr) : OrderedJson(stop);
}

// Here the tokens that were found in the cache are no input tokens.
OrderedJson usage_json(int64_t prompt_tokens, const Usage& usage) {
  OrderedJson json;
  json["input_tokens"] = prompt_tokens - usage.cached_tokens;
  json["cache_creation_input_tokens"] = 0;
  json["cache_read_input_tokens"] = usage.cached_tokens;
  json["output_tokens"] = usage.completion_tokens;
  return json;
}

OrderedJson message_json(const MessageJob& job, OrderedJson content, const Usage& usage) {
  OrderedJson json;
  json["id"] = job.id;
  json["type"] = "message";
  json["role"] = "assistant";
  json["model"] = job.model;
  json["content"] = std::move(content);
  json["stop_reason"] = nullptr;
  json["stop_sequence"] = nullptr;
  json["usage"] = usage_json(job.prompt_tokens, usage);
  return json;
}

class PlainMessage : public http::PendingResponse {
 public:
  explicit PlainMessage(MessageJob job) : job_(std::move(job)) {}

  std::optional<http::Response> poll() override {
    collector_.add(job_.run.advance().front());
    if (!job_.run.is_finished()) return std::nullopt;
    if (!job_.run.error()) return error_response(job_.run.error());
    const ChoiceProgress& choice = job_.run.choices().front();
    OrderedJson json = message_json(job_, collector_.take_content(), job_.run.usage());
    json["stop_reason"] = stop_reason(choice);
    json["stop_sequence"] = stop_sequence(choice);
    http::Response response;
    response.fields = std::move(job_.fields);
    response.body = dump_json(json);
    return response;
  }

 private:
  MessageJob job_;
  ContentCollector collector_;
};

class StreamedMessage : public http::BodyStream {
 public:
  explicit StreamedMessage(MessageJob job) : job_(std::move(job)) {}

  Chunk poll() override {
    Chunk chunk;
    if (!std::exchange(has_begun_, true)) {
      chunk.bytes =
          event("message_start", {{"message", message_json(job_, OrderedJson::array(), Usage{})}});
      chunk.bytes += event("ping", OrderedJson::object());
    }
    collector_.add(job_.run.advance().front());
    chunk.done = job_.run.is_finished();
    if (chunk.done) collector_.end();
    for (BlockEvent& block : collector_.take_events()) {
      chunk.bytes += event(block.type, std::move(block.fields));
    }
    if (chunk.done) chunk.bytes += last_events();
    return chunk;
  }
  std::string_view heartbeat() const override {
    return "event: ping\ndata: {\"type\":\"ping\"}\n\n";
  }

 private:
  static std::string event(std::string_view type, OrderedJson fields) {
    OrderedJson json;
    json["type"] = type;
    json.update(fields);
    return http::sse_event(dump_json(json), type);
  }
  std::string last_events() const {
    if (!job_.run.error()) return http::sse_event(error_body(job_.run.error()), "error");
    const ChoiceProgress& choice = job_.run.choices().front();
    OrderedJson delta;
    delta["stop_reason"] = stop_reason(choice);
    delta["stop_sequence"] = stop_sequence(choice);
    OrderedJson fields;
    fields["delta"] = std::move(delta);
    fields["usage"] = usage_json(job_.prompt_tokens, job_.run.usage());
    return event("message_delta", std::move(fields)) + event("message_stop", OrderedJson::object());
  }

  MessageJob job_;
  ContentCollector collector_;
  bool has_begun_ = false;
};

}  // namespace

std::string error_body(const Status& status) {
  const bool is_full = status.reason() == "queue_full";
  OrderedJson error;
  error["type"] = error_type(is_full ? 429 : http_status(status));
  error["message"] = status.message();
  OrderedJson json;
  json["type"] = "error";
  json["error"] = std::move(error);
  return dump_json(json);
}

http::Response error_response(const Status& status) {
  http::Response response = status_response(status);
  if (status.reason() == "queue_full") response.status = 429;
  if (status.reason() == "model_not_found") response.status = 404;
  response.body = error_body(status);
  return response;
}

std::unique_ptr<http::PendingResponse> make_message(MessageJob job) {
  return std::make_unique<PlainMessage>(std::move(job));
}

std::unique_ptr<http::BodyStream> make_message_stream(MessageJob job) {
  return std::make_unique<StreamedMessage>(std::move(job));
}

}  // namespace youtu::anthropic
