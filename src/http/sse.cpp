#include "http/sse.h"

namespace youtu::http {

std::string sse_event(std::string_view data, std::string_view name) {
  std::string event;
  if (!name.empty()) event.append("event: ").append(name).push_back('\n');
  for (;;) {
    const size_t end = data.find('\n');
    event.append("data: ").append(data.substr(0, end)).push_back('\n');
    if (end == std::string_view::npos) break;
    data.remove_prefix(end + 1);
  }
  event.push_back('\n');
  return event;
}

std::string sse_comment(std::string_view text) {
  return std::string(": ").append(text).append("\n\n");
}

std::string SseText::frame(std::string_view piece) {
  std::string text;
  text.reserve(piece.size());
  for (const char c : piece) {
    const bool second_half = c == '\n' && after_carriage_return_;
    after_carriage_return_ = c == '\r';
    if (!second_half) text.push_back(c == '\r' ? '\n' : c);
  }
  return text.empty() ? std::string() : sse_event(text, event_name_);
}

}  // namespace youtu::http
