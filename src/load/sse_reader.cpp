#include "load/sse_reader.h"

#include <utility>

namespace youtu::load {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

Status SseReader::push(std::string_view bytes, std::vector<SseEvent>& events) {
  for (const char c : bytes) {
    const bool second_half = c == '\n' && after_carriage_return_;
    after_carriage_return_ = c == '\r';
    if (second_half) continue;
    if (c == '\r' || c == '\n') {
      end_line(events);
      continue;
    }
    line_.push_back(c);
    if (line_.size() + event_.data.size() > kMaxEventBytes) {
      return Status::invalid_argument("an event is longer than 4 MiB", {}, "event_too_long");
    }
  }
  return Status::ok();
}

void SseReader::end_line(std::vector<SseEvent>& events) {
  std::string_view line = line_;
  if (std::exchange(is_first_line_, false) && line.starts_with(kByteOrderMark)) {
    line.remove_prefix(kByteOrderMark.size());
  }
  if (line.empty()) {
    if (has_data_) events.push_back(std::move(event_));
    event_ = {};
    has_data_ = false;
  }
  const size_t colon = line.find(':');  // a comment begins with one: its field has no name
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    if (std::exchange(has_data_, true)) event_.data.push_back('\n');
    event_.data.append(value);
  } else if (field == "event") {
    event_.name = value;
  }
  line_.clear();
}

}  // namespace youtu::load
