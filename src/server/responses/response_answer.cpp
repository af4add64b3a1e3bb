#include "server/responses/response_answer.h"

#include <utility>

#include "http/sse.h"
#include "server/openai/error_response.h"

namespace youtu::responses {

namespace {

// The run, its output, and at the end the store. What both answers have in common.
class ResponseProgress {
 public:
  explicit ResponseProgress(ResponseJob job) : job_(std::move(job)) {}

  // Never blocks.
  void advance() {
    if (!is_generated_) {
      output_.add(job_.run.advance().front());
      if (job_.run.is_finished()) finish();
    }
    if (job_.commit && is_generated_) await_commit();
  }
  bool is_finished() const { return is_generated_ && !job_.commit; }
  const Status& error() const { return error_; }
  ResponseOutput& output() { return output_; }
  const ResponseHead& head() const { return job_.head; }
  const std::vector<http::Field>& fields() const { return job_.fields; }

  bool is_cut() const {
    return job_.run.choices().front().last().finish_reason == FinishReason::kLength;
  }
  OrderedJson json() const {
    OrderedJson json =
        response_json(job_.head, is_cut() ? "incomplete" : "completed", output_.items());
    json["usage"] = response_usage(job_.run.usage());
    return json;
  }

 private:
  void finish() {
    is_generated_ = true;
    error_ = job_.run.error();
    output_.end();
    if (!error_) return job_.commit.reset();
    if (!job_.commit) return;
    const FinishReason reason = job_.run.choices().front().last().finish_reason;
    job_.commit->start(
        {output_.text(), std::string(to_string(reason)), job_.run.usage(), output_.calls()});
    if (job_.session) job_.session->keep();
  }
  void await_commit() {
    const std::optional<Result<CommittedTurn>> stored = job_.commit->poll();
    if (!stored) return;
    error_ = stored->status();
    job_.commit.reset();
  }

  ResponseJob job_;
  ResponseOutput output_;
  bool is_generated_ = false;
  Status error_;
};

class PlainResponse : public http::PendingResponse {
 public:
  explicit PlainResponse(ResponseJob job) : progress_(std::move(job)) {}

  std::optional<http::Response> poll() override {
    progress_.advance();
    if (!progress_.is_finished()) return std::nullopt;
    if (!progress_.error()) return openai::error_response(progress_.error());
    http::Response response;
    response.fields = progress_.fields();
    response.body = dump_json(progress_.json());
    return response;
  }

 private:
  ResponseProgress progress_;
};

class StreamedResponse : public http::BodyStream {
 public:
  explicit StreamedResponse(ResponseJob job) : progress_(std::move(job)) {}

  Chunk poll() override {
    Chunk chunk;
    if (!std::exchange(has_begun_, true)) {
      for (const char* type : {"response.created", "response.in_progress"}) {
        chunk.bytes += event(type, {{"response", begun()}});
      }
    }
    progress_.advance();
    for (StreamEvent& one : progress_.output().take_events()) {
      chunk.bytes += event(one.type, std::move(one.fields));
    }
    chunk.done = progress_.is_finished();
    if (chunk.done) chunk.bytes += last_event();
    return chunk;
  }
  std::string_view heartbeat() const override { return ": ping\n\n"; }

 private:
  OrderedJson begun() const {
    return response_json(progress_.head(), "in_progress", OrderedJson::array());
  }
  std::string event(std::string_view type, OrderedJson fields) {
    OrderedJson json;
    json["type"] = type;
    json["sequence_number"] = sequence_number_++;
    json.update(fields);
    return http::sse_event(dump_json(json), type);
  }
  std::string last_event() {
    if (progress_.error()) {
      const char* type = progress_.is_cut() ? "response.incomplete" : "response.completed";
      return event(type, {{"response", progress_.json()}});
    }
    const OrderedJson error = OrderedJson::parse(openai::error_body(progress_.error()))["error"];
    OrderedJson failed = response_json(progress_.head(), "failed", progress_.output().items());
    failed["error"] = {{"code", error["code"]}, {"message", error["message"]}};
    return event("response.failed", {{"response", std::move(failed)}});
  }

  ResponseProgress progress_;
  int64_t sequence_number_ = 0;
  bool has_begun_ = false;
};

}  // namespace

std::unique_ptr<http::PendingResponse> make_response(ResponseJob job) {
  return std::make_unique<PlainResponse>(std::move(job));
}

std::unique_ptr<http::BodyStream> make_response_stream(ResponseJob job) {
  return std::make_unique<StreamedResponse>(std::move(job));
}

}  // namespace youtu::responses
