#include "load/answer_collector.h"

namespace youtu::load {

namespace {

constexpr size_t kMaxErrorBody = 64u << 10;

}  // namespace

void AnswerCollector::take_head(const ResponseHead& head) {
  record_.http_status = head.status;
  record_.retry_after_s = head.retry_after_s;
  is_stream_ = head.status == 200 && head.content_type.starts_with("text/event-stream");
}

void AnswerCollector::take_body(std::string_view bytes, double now) {
  if (!is_stream_) {
    other_body_.append(bytes.substr(0, kMaxErrorBody - other_body_.size()));
    return;
  }
  if (!record_.failure.empty()) return;
  events_.clear();
  const Status status = reader_.push(bytes, events_);
  for (const SseEvent& event : events_) take_event(event, now);
  if (!status) record_.failure = "stream " + status.reason();
}

void AnswerCollector::take_event(const SseEvent& event, double now) {
  const Result<AnswerPart> part = read_answer_event(api_, event);
  if (!part) {
    record_.failure = "stream " + part.status().reason();
    return;
  }
  if (!part->text.empty()) {
    if (!record_.first_text) record_.first_text = now;
    if (last_text_) record_.gaps.push_back(now - *last_text_);
    last_text_ = now;
    text_ += part->text;
  }
  if (part->usage) record_.usage = *part->usage;
  if (part->error) record_.failure = "stream " + *part->error;
  if (part->is_finished && !is_finished_) {
    is_finished_ = true;
    record_.end = now;
  }
}

void AnswerCollector::finish(double now, std::string_view why_cut) {
  if (!is_finished_) record_.end = now;
  if (!record_.failure.empty()) return;
  if (record_.is_refusal()) {
    record_.failure = std::to_string(record_.http_status) + " " + error_code_of(other_body_);
  } else if (!why_cut.empty() && !is_finished_) {
    record_.failure = why_cut;
  } else if (!is_stream_) {
    record_.failure = "not an event stream";
  } else if (!is_finished_) {
    record_.failure = "stream ended without its end";
  }
}

}  // namespace youtu::load
