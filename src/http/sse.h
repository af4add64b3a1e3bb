// Server-sent events, so framed that a parser after the WHATWG standard puts the events' data
// together into exactly the text that went in.
//
// An event ends at an empty line and a line at LF, CR or CRLF; therefore text is sent as one
// `data:` line per line of text, and text can never add an event or a field of its own. The format
// has no way to carry a CR: CR and CRLF become LF, even where the two halves of a CRLF come in
// different pieces.
#pragma once

#include <string>
#include <string_view>

namespace youtu::http {

inline constexpr std::string_view kSseContentType = "text/event-stream; charset=utf-8";

// One event. REQUIRES: `name` is a plain word or empty (an unnamed event is a "message"); `data`
// has no CR.
std::string sse_event(std::string_view data, std::string_view name = {});

// A line that parsers skip. REQUIRES: no line break in `text`.
std::string sse_comment(std::string_view text);

// Frames a text that arrives in pieces.
class SseText {
 public:
  explicit SseText(std::string_view event_name = {}) : event_name_(event_name) {}
  // The event for the next piece of text; empty if the piece adds nothing.
  std::string frame(std::string_view piece);

 private:
  std::string event_name_;
  bool after_carriage_return_ = false;
};

}  // namespace youtu::http
