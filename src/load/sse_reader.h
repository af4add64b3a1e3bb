// A reader of server-sent events after the WHATWG standard, for bytes that arrive in any pieces.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "youtu/status.h"

namespace youtu::load {

struct SseEvent {
  std::string name;  // empty: a "message"
  std::string data;  // its lines joined by LF
  bool operator==(const SseEvent&) const = default;
};

class SseReader {
 public:
  // A server that never ends an event does not fill this machine's memory.
  static constexpr size_t kMaxEventBytes = 4u << 20;

  // Appends the events that `bytes` completes. An error is final: an event beyond the limit.
  Status push(std::string_view bytes, std::vector<SseEvent>& events);

 private:
  void end_line(std::vector<SseEvent>& events);

  std::string line_;
  SseEvent event_;
  bool has_data_ = false;
  bool after_carriage_return_ = false;
  bool is_first_line_ = true;
};

}  // namespace youtu::load
