#include "server/openai/completion_answer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "http/sse.h"
#include "server/openai/error_response.h"

namespace youtu::openai {

namespace {

// The old form: four lists of equal length. The offsets count characters of the text.
class LogprobLists {
 public:
  void append(const Tokenizer& tokenizer, std::span<const TokenLogprobs> logprobs) {
    for (const TokenLogprobs& one : logprobs) {
      const std::string text = token_text(tokenizer, one.drawn.token);
      tokens_.push_back(text);
      token_logprobs_.push_back(finite(one.drawn.logprob));
      OrderedJson top = OrderedJson::object();
      for (const TokenLogprob& other : one.top()) {
        top[token_text(tokenizer, other.token)] = finite(other.logprob);
      }
      top_logprobs_.push_back(std::move(top));
      text_offsets_.push_back(offset_);
      offset_ += count_characters(text);
    }
  }
  // What came since the last time.
  OrderedJson take() {
    OrderedJson json;
    json["tokens"] = std::exchange(tokens_, OrderedJson::array());
    json["token_logprobs"] = std::exchange(token_logprobs_, OrderedJson::array());
    json["top_logprobs"] = std::exchange(top_logprobs_, OrderedJson::array());
    json["text_offset"] = std::exchange(text_offsets_, OrderedJson::array());
    return json;
  }
  bool is_empty() const { return tokens_.empty(); }

 private:
  static double finite(float logprob) { return std::max(-9999.0, double{logprob}); }
  static int64_t count_characters(std::string_view text) {
    return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
  }

  OrderedJson tokens_ = OrderedJson::array();
  OrderedJson token_logprobs_ = OrderedJson::array();
  OrderedJson top_logprobs_ = OrderedJson::array();
  OrderedJson text_offsets_ = OrderedJson::array();
  int64_t offset_ = 0;
};

OrderedJson choice_json(size_t index, std::string text) {
  OrderedJson json;
  json["text"] = std::move(text);
  json["index"] = index;
  json["logprobs"] = nullptr;
  json["finish_reason"] = nullptr;
  return json;
}

// The prompts count once each, however many choices they have.
OrderedJson usage_of(const CompletionJob& job) {
  OrderedJson usage = usage_json(job.run);
  usage["prompt_tokens"] = job.prompt_tokens;
  usage["total_tokens"] = job.prompt_tokens + usage["completion_tokens"].get<int64_t>();
  return usage;
}

class PlainCompletion : public http::PendingResponse {
 public:
  explicit PlainCompletion(CompletionJob job)
      : job_(std::move(job)),
        texts_(job_.echoes),
        logprobs_(job_.run.choices().size()),
        tokens_(job_.run.choices().size()) {
    texts_.resize(job_.run.choices().size());
  }

  std::optional<http::Response> poll() override {
    const std::vector<ChoiceDelta> deltas = job_.run.advance();
    for (size_t i = 0; i < deltas.size(); ++i) {
      texts_[i] += deltas[i].text;
      tokens_[i].insert(tokens_[i].end(), deltas[i].tokens.begin(), deltas[i].tokens.end());
      const bool is_cut = ends_with_stop_token(job_.run.choices()[i]);
      logprobs_[i].append(*job_.tokenizer, content_logprobs(deltas[i], is_cut));
    }
    if (!job_.run.is_finished()) return std::nullopt;
    if (!job_.run.error()) return error_response(job_.run.error());
    http::Response response;
    response.fields = answer_fields(job_.request);
    response.body = body();
    return response;
  }

 private:
  std::string body() {
    OrderedJson json = head_json(job_.head, "text_completion");
    json["choices"] = OrderedJson::array();
    for (size_t i = 0; i < texts_.size(); ++i) {
      const ChoiceProgress& choice = job_.run.choices()[i];
      OrderedJson one = choice_json(i, texts_[i]);
      if (job_.request.sampling.top_logprobs) one["logprobs"] = logprobs_[i].take();
      one["finish_reason"] = finish_reason(choice);
      one["stop_reason"] = stop_reason(choice);
      if (job_.request.return_token_ids) one["token_ids"] = tokens_[i];
      json["choices"].push_back(std::move(one));
    }
    json["usage"] = usage_of(job_);
    add_extensions(json, job_.request, job_.run, job_.prepare_seconds);
    return dump_json(json);
  }

  CompletionJob job_;
  std::vector<std::string> texts_;
  std::vector<LogprobLists> logprobs_;
  std::vector<std::vector<TokenId>> tokens_;
};

class StreamedCompletion : public http::BodyStream {
 public:
  explicit StreamedCompletion(CompletionJob job)
      : job_(std::move(job)),
        logprobs_(job_.run.choices().size()),
        has_ended_(job_.run.choices().size()) {}

  Chunk poll() override {
    Chunk chunk;
    if (!std::exchange(has_begun_, true)) {
      for (size_t i = 0; i < job_.echoes.size(); ++i) {
        chunk.bytes += event(choice_json(i, job_.echoes[i]));
      }
    }
    const std::vector<ChoiceDelta> deltas = job_.run.advance();
    for (size_t i = 0; i < deltas.size(); ++i) chunk.bytes += choice_event(i, deltas[i]);
    chunk.done = job_.run.is_finished();
    if (chunk.done) chunk.bytes += last_events();
    return chunk;
  }
  std::string_view heartbeat() const override { return ": ping\n\n"; }

 private:
  // The text and, with the last of it, the end.
  std::string choice_event(size_t index, const ChoiceDelta& delta) {
    const ChoiceProgress& choice = job_.run.choices()[index];
    logprobs_[index].append(*job_.tokenizer, content_logprobs(delta, ends_with_stop_token(choice)));
    const bool ends = choice.is_finished() && !has_ended_[index] && job_.run.error();
    const bool has_ids = job_.request.return_token_ids && !delta.tokens.empty();
    if (delta.text.empty() && logprobs_[index].is_empty() && !ends && !has_ids) return {};
    OrderedJson json = choice_json(index, delta.text);
    if (!logprobs_[index].is_empty()) json["logprobs"] = logprobs_[index].take();
    if (has_ids) json["token_ids"] = delta.tokens;
    if (ends) {
      has_ended_[index] = true;
      json["finish_reason"] = finish_reason(choice);
      json["stop_reason"] = stop_reason(choice);
    }
    return event(std::move(json));
  }
  std::string event(OrderedJson choice) const {
    OrderedJson json = head_json(job_.head, "text_completion");
    json["choices"] = OrderedJson::array({std::move(choice)});
    if (job_.request.include_usage) json["usage"] = nullptr;
    return http::sse_event(dump_json(json));
  }
  std::string last_events() const {
    if (!job_.run.error()) return http::sse_event(error_body(job_.run.error()));
    std::string events;
    if (job_.request.include_usage) {
      OrderedJson json = head_json(job_.head, "text_completion");
      json["choices"] = OrderedJson::array();
      json["usage"] = usage_of(job_);
      add_extensions(json, job_.request, job_.run, job_.prepare_seconds);
      events += http::sse_event(dump_json(json));
    }
    return events + http::sse_event("[DONE]");
  }

  CompletionJob job_;
  std::vector<LogprobLists> logprobs_;
  std::vector<bool> has_ended_;
  bool has_begun_ = false;
};

}  // namespace

std::unique_ptr<http::PendingResponse> make_completion(CompletionJob job) {
  return std::make_unique<PlainCompletion>(std::move(job));
}

std::unique_ptr<http::BodyStream> make_completion_stream(CompletionJob job) {
  return std::make_unique<StreamedCompletion>(std::move(job));
}

}  // namespace youtu::openai
