// The object of the responses API, as it grows: the same for the plain answer, the stream's events,
// and what was stored.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "server/choice_progress.h"
#include "server/responses/response_request.h"
#include "youtu/types.h"

namespace youtu::responses {

struct ResponseHead {
  std::string id;  // "resp_…"
  std::time_t created = 0;
  std::string model;
  bool store = false;
  OrderedJson echo;  // what the request said and the answer says again
  double temperature = 0;
  double top_p = 1;
};

struct StreamEvent {
  std::string type;
  OrderedJson fields;  // but type and sequence number
};

// The output items of one response: a thought, a message, calls of functions.
class ResponseOutput {
 public:
  void add(const ChoiceDelta& delta);
  // Ends the item that is open.
  void end();
  // What has happened since the last call.
  std::vector<StreamEvent> take_events();

  const OrderedJson& items() const { return items_; }
  const std::string& text() const { return whole_text_; }
  const std::vector<ToolCall>& calls() const { return calls_; }

 private:
  enum class Kind { kNone, kReasoning, kMessage, kCall };
  void open(Kind kind, OrderedJson item);
  void add_reasoning(const std::string& text);
  void add_text(const std::string& text);
  void add_call(const ToolCallPart& part);
  OrderedJson place() const;
  void end_text();

  Kind kind_ = Kind::kNone;
  OrderedJson item_;  // the one that is open, as it began
  std::string text_;  // what it has so far
  OrderedJson items_ = OrderedJson::array();
  std::string whole_text_;
  std::vector<ToolCall> calls_;
  std::vector<StreamEvent> events_;
};

// status: "in_progress", "completed", "incomplete" (its length is used up) or "failed".
OrderedJson response_json(const ResponseHead& head, std::string_view status,
                          const OrderedJson& output);
OrderedJson response_usage(const Usage& usage);

// The items of an answer that was stored.
OrderedJson stored_items(const std::string& text, const std::vector<ToolCall>& calls);

}  // namespace youtu::responses
