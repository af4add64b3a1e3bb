#include "server/openai/chat_answer.h"

#include <map>
#include <string>
#include <vector>

#include "http/sse.h"
#include "server/object_id.h"
#include "server/openai/error_response.h"

namespace youtu::openai {

namespace {

OrderedJson bytes_json(std::string_view bytes) {
  OrderedJson json = OrderedJson::array();
  for (const char byte : bytes) json.push_back(static_cast<unsigned char>(byte));
  return json;
}

// Infinity is no JSON; OpenAI says -9999 where a token was impossible.
double finite(float logprob) {
  constexpr double kImpossible = -9999;
  return logprob < kImpossible ? kImpossible : double{logprob};
}

OrderedJson token_json(const Tokenizer& tokenizer, const TokenLogprob& one) {
  OrderedJson json;
  json["token"] = token_text(tokenizer, one.token);
  json["logprob"] = finite(one.logprob);
  json["bytes"] = bytes_json(tokenizer.token_bytes(one.token));
  return json;
}

void append_logprobs(const Tokenizer& tokenizer, std::span<const TokenLogprobs> logprobs,
                     OrderedJson& content) {
  for (const TokenLogprobs& one : logprobs) {
    OrderedJson json = token_json(tokenizer, one.drawn);
    json["top_logprobs"] = OrderedJson::array();
    for (const TokenLogprob& other : one.top()) {
      json["top_logprobs"].push_back(token_json(tokenizer, other));
    }
    content.push_back(std::move(json));
  }
}

OrderedJson logprobs_json(OrderedJson content) {
  return {{"content", std::move(content)}, {"refusal", nullptr}};
}

// One choice, put together.
struct Message {
  std::string reasoning;
  std::string text;
  struct Call {
    std::string id;
    std::string name;
    std::string arguments;
  };
  std::vector<Call> calls;
  OrderedJson logprobs = OrderedJson::array();
  std::vector<TokenId> tokens;

  void add(const ChoiceDelta& delta) {
    reasoning += delta.reasoning;
    text += delta.text;
    tokens.insert(tokens.end(), delta.tokens.begin(), delta.tokens.end());
    for (const ToolCallPart& part : delta.calls) {
      if (part.call == calls.size()) calls.push_back({make_object_id("call_"), part.name, {}});
      calls[part.call].arguments += part.arguments;
    }
  }

  OrderedJson json() const {
    OrderedJson json;
    json["role"] = "assistant";
    json["content"] = text.empty() && !calls.empty() ? OrderedJson(nullptr) : OrderedJson(text);
    json["refusal"] = nullptr;
    if (!reasoning.empty()) {
      json["reasoning_content"] = reasoning;
      json["reasoning"] = reasoning;
    }
    if (calls.empty()) return json;
    json["tool_calls"] = OrderedJson::array();
    for (const Call& call : calls) {
      json["tool_calls"].push_back(
          {{"id", call.id},
           {"type", "function"},
           {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
    }
    return json;
  }
};

class PlainAnswer : public http::PendingResponse {
 public:
  explicit PlainAnswer(ChatCompletionJob job)
      : job_(std::move(job)), messages_(job_.run.choices().size()) {}

  std::optional<http::Response> poll() override {
    const std::vector<ChoiceDelta> deltas = job_.run.advance();
    for (size_t i = 0; i < deltas.size(); ++i) {
      messages_[i].add(deltas[i]);
      const bool is_cut = ends_with_stop_token(job_.run.choices()[i]);
      append_logprobs(*job_.tokenizer, content_logprobs(deltas[i], is_cut), messages_[i].logprobs);
    }
    if (!job_.run.is_finished()) return std::nullopt;
    if (!job_.run.error()) return error_response(job_.run.error());
    http::Response response;
    response.fields = answer_fields(job_.request);
    response.body = body();
    return response;
  }

 private:
  std::string body() const {
    OrderedJson json = head_json(job_.head, "chat.completion");
    json["choices"] = OrderedJson::array();
    for (size_t i = 0; i < messages_.size(); ++i) json["choices"].push_back(choice_json(i));
    json["usage"] = usage_json(job_.run);
    add_extensions(json, job_.request, job_.run, job_.prepare_seconds);
    return dump_json(json);
  }
  OrderedJson choice_json(size_t index) const {
    const ChoiceProgress& choice = job_.run.choices()[index];
    const Message& message = messages_[index];
    OrderedJson json;
    json["index"] = index;
    json["message"] = message.json();
    const bool has_logprobs = job_.request.sampling.top_logprobs.has_value();
    json["logprobs"] = has_logprobs ? logprobs_json(message.logprobs) : OrderedJson(nullptr);
    json["finish_reason"] = finish_reason(choice);
    json["stop_reason"] = stop_reason(choice);
    if (job_.request.return_token_ids) json["token_ids"] = message.tokens;
    return json;
  }

  ChatCompletionJob job_;
  std::vector<Message> messages_;
};

class StreamedAnswer : public http::BodyStream {
 public:
  explicit StreamedAnswer(ChatCompletionJob job)
      : job_(std::move(job)), has_ended_(job_.run.choices().size()) {}

  Chunk poll() override {
    Chunk chunk;
    if (!std::exchange(has_begun_, true)) {
      for (size_t i = 0; i < has_ended_.size(); ++i) {
        chunk.bytes += event(choice_json(i, {{"role", "assistant"}, {"content", ""}}));
      }
    }
    const std::vector<ChoiceDelta> deltas = job_.run.advance();
    for (size_t i = 0; i < deltas.size(); ++i) chunk.bytes += choice_events(i, deltas[i]);
    chunk.done = job_.run.is_finished();
    if (chunk.done) chunk.bytes += last_events();
    return chunk;
  }
  std::string_view heartbeat() const override { return ": ping\n\n"; }

 private:
  // A piece may hold a thought, text and calls; clients expect each in a chunk of its own.
  std::string choice_events(size_t index, const ChoiceDelta& delta) {
    const ChoiceProgress& choice = job_.run.choices()[index];
    std::vector<OrderedJson> parts;
    if (!delta.reasoning.empty()) {
      parts.push_back({{"reasoning_content", delta.reasoning}, {"reasoning", delta.reasoning}});
    }
    if (!delta.text.empty()) parts.push_back({{"content", delta.text}});
    for (const ToolCallPart& part : delta.calls) parts.push_back(call_json(part));
    const auto logprobs = content_logprobs(delta, ends_with_stop_token(choice));
    const bool has_ids = job_.request.return_token_ids && !delta.tokens.empty();
    // Tokens whose text is not whole yet come with an empty content.
    if (parts.empty() && (!logprobs.empty() || has_ids)) parts.push_back({{"content", ""}});
    std::string events;
    for (size_t i = 0; i < parts.size(); ++i) {
      OrderedJson json = choice_json(index, std::move(parts[i]));
      if (i == 0) add_token_reports(json, delta, logprobs);
      events += event(std::move(json));
    }
    if (choice.is_finished() && !has_ended_[index] && job_.run.error()) {
      has_ended_[index] = true;
      OrderedJson json = choice_json(index, OrderedJson::object());
      json["finish_reason"] = finish_reason(choice);
      json["stop_reason"] = stop_reason(choice);
      events += event(std::move(json));
    }
    return events;
  }
  void add_token_reports(OrderedJson& choice, const ChoiceDelta& delta,
                         std::span<const TokenLogprobs> logprobs) const {
    if (!logprobs.empty()) {
      OrderedJson content = OrderedJson::array();
      append_logprobs(*job_.tokenizer, logprobs, content);
      choice["logprobs"] = logprobs_json(std::move(content));
    }
    if (job_.request.return_token_ids) choice["token_ids"] = delta.tokens;
  }
  // The first part of a call has its identity, and it never changes.
  OrderedJson call_json(const ToolCallPart& part) {
    OrderedJson call;
    call["index"] = part.call;
    if (!part.name.empty()) {
      call["id"] = make_object_id("call_");
      call["type"] = "function";
      call["function"] = {{"name", part.name}, {"arguments", part.arguments}};
    } else {
      call["function"] = {{"arguments", part.arguments}};
    }
    return {{"tool_calls", OrderedJson::array({std::move(call)})}};
  }
  static OrderedJson choice_json(size_t index, OrderedJson delta) {
    OrderedJson json;
    json["index"] = index;
    json["delta"] = std::move(delta);
    json["logprobs"] = nullptr;
    json["finish_reason"] = nullptr;
    return json;
  }
  std::string event(OrderedJson choice) const {
    OrderedJson json = head_json(job_.head, "chat.completion.chunk");
    json["choices"] = OrderedJson::array({std::move(choice)});
    if (job_.request.include_usage) json["usage"] = nullptr;
    return http::sse_event(dump_json(json));
  }
  std::string last_events() const {
    if (!job_.run.error()) return http::sse_event(error_body(job_.run.error()));
    std::string events;
    OrderedJson extensions;
    add_extensions(extensions, job_.request, job_.run, job_.prepare_seconds);
    if (job_.request.include_usage || !extensions.empty()) {
      OrderedJson json = head_json(job_.head, "chat.completion.chunk");
      json["choices"] = OrderedJson::array();
      if (job_.request.include_usage) json["usage"] = usage_json(job_.run);
      if (!extensions.empty()) json.update(extensions);
      events += http::sse_event(dump_json(json));
    }
    return events + http::sse_event("[DONE]");
  }

  ChatCompletionJob job_;
  std::vector<bool> has_ended_;  // of each choice: its finish reason was sent
  bool has_begun_ = false;
};

}  // namespace

std::unique_ptr<http::PendingResponse> make_chat_completion(ChatCompletionJob job) {
  return std::make_unique<PlainAnswer>(std::move(job));
}

std::unique_ptr<http::BodyStream> make_chat_completion_stream(ChatCompletionJob job) {
  return std::make_unique<StreamedAnswer>(std::move(job));
}

}  // namespace youtu::openai
