#include "server/chat_progress.h"

#include <utility>

#include "http/sse.h"
#include "server/explanation_json.h"

namespace youtu {

namespace {

// Reads what the engine has produced since the last time. What both answers have in common.
class ChatProgress {
 public:
  explicit ChatProgress(ChatJob job) : job_(std::move(job)), splitter_(job_.starts_in_reasoning) {}

  // New text, if there is any; never blocks.
  ReasoningSplitter::Parts advance() {
    ReasoningSplitter::Parts parts;
    while (!is_generated_) {
      std::optional<GenerationEvent> event = job_.handle.try_next();
      if (!event) break;
      add(parts, splitter_.push(event->text));
      for (const TokenExplanation& one : event->explanations) {
        explained_tokens_.push_back(explanation_json(one, *job_.tokenizer));
      }
      if (event->finish_reason != FinishReason::kNone) finish(*event, parts);
    }
    if (!is_generated_ && std::chrono::steady_clock::now() >= job_.give_up) {
      end(Status::resource_exhausted("the answer was not complete in time (request_timeout)",
                                     "request_timeout"));
    }
    if (!is_generated_ && job_.is_cut_off && *job_.is_cut_off) {
      end({StatusCode::kUnavailable, "the server is closing", {}, "draining"});
    }
    if (job_.commit) keep(parts);
    return parts;
  }

  // All text is here, and the turn of a session is stored.
  bool finished() const { return is_generated_ && !job_.commit; }
  const Status& error() const { return error_; }
  const ChatJob& job() const { return job_; }
  // A list, of the tokens since the last time.
  OrderedJson take_explained_tokens() {
    return std::exchange(explained_tokens_, OrderedJson::array());
  }
  // Everything but the texts.
  ChatAnswer answer() const {
    ChatAnswer answer;
    answer.has_reasoning = splitter_.has_reasoning();
    answer.finish_reason = finish_reason_;
    answer.usage = usage_;
    answer.timings = timings_;
    answer.prepare_seconds = job_.prepare_seconds;
    answer.repetition = repetition_;
    answer.session_id = job_.request.session.id.value_or("");
    answer.turn = turn_;
    answer.history = job_.history;
    return answer;
  }

 private:
  static void add(ReasoningSplitter::Parts& sum, const ReasoningSplitter::Parts& parts) {
    sum.response += parts.response;
    sum.reasoning += parts.reasoning;
  }
  // Before the engine has ended it.
  void end(Status error) {
    is_generated_ = true;
    error_ = std::move(error);
    job_.handle.cancel();
  }
  void finish(const GenerationEvent& last, ReasoningSplitter::Parts& parts) {
    is_generated_ = true;
    finish_reason_ = last.finish_reason;
    usage_ = last.usage;
    timings_ = last.timings;
    repetition_ = last.repetition;
    if (last.finish_reason == FinishReason::kError) error_ = last.status;
    if (last.finish_reason == FinishReason::kCancelled)
      error_ = Status::cancelled("the server is closing");
    add(parts, splitter_.finish());
  }
  // Collects the answer of a session's turn, and stores it when it is whole. What failed is not
  // stored, and the session is free again.
  void keep(const ReasoningSplitter::Parts& parts) {
    response_ += parts.response;
    if (!is_generated_) return;
    if (!error_) return job_.commit.reset();
    if (!std::exchange(is_committing_, true)) {
      job_.commit->start({std::move(response_), std::string(to_string(finish_reason_)), usage_});
    }
    const std::optional<Result<CommittedTurn>> stored = job_.commit->poll();
    if (!stored) return;
    error_ = stored->status();
    if (*stored) turn_ = **stored;
    job_.commit.reset();
  }

  ChatJob job_;
  ReasoningSplitter splitter_;
  bool is_generated_ = false;
  bool is_committing_ = false;
  FinishReason finish_reason_ = FinishReason::kNone;
  Usage usage_;
  RequestTimings timings_;
  std::optional<Repetition> repetition_;
  Status error_;
  OrderedJson explained_tokens_ = OrderedJson::array();
  std::string response_;  // of a session's turn
  std::optional<CommittedTurn> turn_;
};

class PlainAnswer : public http::PendingResponse {
 public:
  explicit PlainAnswer(ChatJob job) : progress_(std::move(job)) {}

  std::optional<http::Response> poll() override {
    const ReasoningSplitter::Parts parts = progress_.advance();
    response_ += parts.response;
    reasoning_ += parts.reasoning;
    if (!progress_.finished()) return std::nullopt;
    if (!progress_.error()) return status_response(progress_.error());
    ChatAnswer answer = progress_.answer();
    answer.response = std::move(response_);
    answer.reasoning = std::move(reasoning_);
    answer.explained_tokens = progress_.take_explained_tokens();
    http::Response response;
    response.fields = chat_fields(progress_.job());
    response.body = chat_answer_body(answer, progress_.job().request, progress_.job().model_name);
    return response;
  }

 private:
  ChatProgress progress_;
  std::string response_;
  std::string reasoning_;
};

class StreamedAnswer : public http::BodyStream {
 public:
  explicit StreamedAnswer(ChatJob job)
      : progress_(std::move(job)),
        is_json_(progress_.job().request.stream_format == StreamFormat::kJson) {}

  Chunk poll() override {
    const ReasoningSplitter::Parts parts = progress_.advance();
    Chunk chunk;
    chunk.bytes = frame(reasoning_text_, parts.reasoning, "reasoning") +
                  frame(response_text_, parts.response, "") + explained_tokens();
    chunk.done = progress_.finished();
    if (chunk.done) chunk.bytes += last_event();
    return chunk;
  }
  std::string_view heartbeat() const override { return ": ping\n\n"; }

 private:
  std::string frame(http::SseText& framer, const std::string& text, std::string_view event) const {
    if (text.empty()) return {};
    return is_json_ ? http::sse_event(text_chunk_body(text), event) : framer.frame(text);
  }
  std::string explained_tokens() {
    const OrderedJson explained = progress_.take_explained_tokens();
    if (explained.empty()) return {};
    return http::sse_event(dump_json(OrderedJson{{"explained_tokens", explained}}),
                           "explained_tokens");
  }
  std::string last_event() const {
    if (!progress_.error()) return http::sse_event(status_body(progress_.error()), "error");
    const std::string summary =
        chat_summary(progress_.answer(), progress_.job().request, progress_.job().model_name);
    if (is_json_) return http::sse_event(summary, "done");
    return http::sse_comment(summary) + http::sse_event("", "done");
  }

  ChatProgress progress_;
  const bool is_json_;
  http::SseText response_text_;
  http::SseText reasoning_text_{"reasoning"};
};

}  // namespace

std::vector<http::Field> chat_fields(const ChatJob& job) {
  std::vector<http::Field> fields;
  std::string ignored = ignored_fields_header(job.request.warnings);
  if (!ignored.empty()) fields.push_back({"X-Ignored-Params", std::move(ignored)});
  if (job.history) fields.push_back({"X-History", history_header(*job.history)});
  return fields;
}

std::unique_ptr<http::PendingResponse> make_plain_answer(ChatJob job) {
  return std::make_unique<PlainAnswer>(std::move(job));
}

std::unique_ptr<http::BodyStream> make_streamed_answer(ChatJob job) {
  return std::make_unique<StreamedAnswer>(std::move(job));
}

}  // namespace youtu
