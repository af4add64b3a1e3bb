// Takes the bytes of one response as they arrive and keeps its times, text and counts.
#pragma once

#include <string>
#include <string_view>

#include "load/answer_reader.h"
#include "load/request_record.h"
#include "load/sse_reader.h"

namespace youtu::load {

struct ResponseHead {
  int status = 0;
  std::string content_type;
  std::optional<int> retry_after_s = {};
};

class AnswerCollector {
 public:
  AnswerCollector(LoadApi api, RequestRecord& record) : api_(api), record_(record) {}

  void take_head(const ResponseHead& head);
  // `now` in the record's time.
  void take_body(std::string_view bytes, double now);
  // The response is over, or will not come: `why_cut` is empty where it ended as it should.
  void finish(double now, std::string_view why_cut);

  const std::string& text() const { return text_; }

 private:
  void take_event(const SseEvent& event, double now);

  LoadApi api_;
  RequestRecord& record_;
  SseReader reader_;
  std::vector<SseEvent> events_;
  std::string text_;
  std::string other_body_;  // of what is no stream of events
  bool is_stream_ = false;
  bool is_finished_ = false;
  std::optional<double> last_text_;
};

}  // namespace youtu::load
