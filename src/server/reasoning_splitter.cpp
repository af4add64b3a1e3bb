#include "server/reasoning_splitter.h"

#include <algorithm>
#include <utility>

namespace youtu {

namespace {

constexpr std::string_view kOpen = "<think>";
constexpr std::string_view kClose = "</think>";

// Length of the longest end of `text` that is a beginning of `tag`.
size_t partial_tag(std::string_view text, std::string_view tag) {
  for (size_t n = std::min(text.size(), tag.size() - 1); n > 0; --n) {
    if (text.substr(text.size() - n) == tag.substr(0, n)) return n;
  }
  return 0;
}

}  // namespace

ReasoningSplitter::Parts ReasoningSplitter::push(std::string_view text) {
  held_ += text;
  Parts parts;
  while (!held_.empty() && advance(parts)) {
  }
  return parts;
}

// True if the state has changed, so that the rest may mean more.
bool ReasoningSplitter::advance(Parts& parts) {
  switch (state_) {
    case State::kBefore:
      return leave_before(parts);
    case State::kInside:
      return leave_inside(parts);
    case State::kOpening:
    case State::kClosing:
      held_.erase(0, std::min(held_.find_first_not_of("\r\n"), held_.size()));
      if (held_.empty()) return false;
      state_ = state_ == State::kOpening ? State::kInside : State::kAnswer;
      return true;
    case State::kAnswer:
    case State::kPlain:
      parts.response += std::exchange(held_, {});
      return false;
  }
  return false;
}

bool ReasoningSplitter::leave_before(Parts& parts) {
  const size_t start = std::min(held_.find_first_not_of(" \t\r\n"), held_.size());
  const std::string_view text = std::string_view(held_).substr(start);
  if (text.starts_with(kOpen)) {
    held_.erase(0, start + kOpen.size());
    state_ = State::kOpening;
    return true;
  }
  if (kOpen.starts_with(text)) return false;
  state_ = State::kPlain;
  parts.response += std::exchange(held_, {});
  return false;
}

bool ReasoningSplitter::leave_inside(Parts& parts) {
  const size_t close = held_.find(kClose);
  const bool found = close != std::string::npos;
  // Line breaks before the tag belong to it.
  size_t end = found ? close : held_.size() - partial_tag(held_, kClose);
  while (end > 0 && (held_[end - 1] == '\n' || held_[end - 1] == '\r')) --end;
  parts.reasoning += held_.substr(0, end);
  held_.erase(0, found ? close + kClose.size() : end);
  if (found) state_ = State::kClosing;
  return found;
}

ReasoningSplitter::Parts ReasoningSplitter::finish() {
  Parts parts;
  std::string& rest =
      state_ == State::kInside || state_ == State::kOpening ? parts.reasoning : parts.response;
  rest = std::exchange(held_, {});
  return parts;
}

}  // namespace youtu
