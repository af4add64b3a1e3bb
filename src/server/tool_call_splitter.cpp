#include "server/tool_call_splitter.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/json.h"

namespace youtu {

namespace {

constexpr std::string_view kOpen = "<tool_call>";
constexpr std::string_view kClose = "</tool_call>";
constexpr std::string_view kSpace = " \t\r\n";

// Where a text that may grow stops being certain: white space, which belongs to a tag if one
// follows, and what may be the tag's beginning.
size_t certain_length(std::string_view text) {
  size_t end = text.size();
  for (size_t n = std::min(text.size(), kOpen.size() - 1); n > 0; --n) {
    if (!kOpen.starts_with(text.substr(text.size() - n))) continue;
    end = text.size() - n;
    break;
  }
  return text.substr(0, end).find_last_not_of(kSpace) + 1;
}

enum class Match { kYes, kNo, kNeedsMore };

// Walks over a text that may be cut anywhere.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text), size_(text.size()) {}

  // White space, then `literal`.
  Match literal(std::string_view literal) {
    skip_space();
    if (rest_.starts_with(literal)) {
      rest_.remove_prefix(literal.size());
      return Match::kYes;
    }
    return literal.starts_with(rest_) ? Match::kNeedsMore : Match::kNo;
  }
  // White space, then a JSON string.
  Match string(std::string& value) {
    skip_space();
    if (rest_.empty()) return Match::kNeedsMore;
    if (rest_.front() != '"') return Match::kNo;
    size_t end = 1;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    if (end >= rest_.size()) return Match::kNeedsMore;
    const Result<Json> json = parse_json(rest_.substr(0, end + 1));
    if (!json) return Match::kNo;
    value = json->get<std::string>();
    rest_.remove_prefix(end + 1);
    return Match::kYes;
  }
  // White space, then a character that stays.
  Match next(char c) {
    skip_space();
    if (rest_.empty()) return Match::kNeedsMore;
    return rest_.front() == c ? Match::kYes : Match::kNo;
  }
  size_t position() const { return size_ - rest_.size(); }

 private:
  void skip_space() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size()));
  }
  std::string_view rest_;
  size_t size_;
};

// {"name": "…", "arguments": {   — up to the last brace.
Match match_head(Cursor& cursor, std::string& name) {
  for (const std::string_view literal : {"{", "\"name\"", ":"}) {
    if (const Match match = cursor.literal(literal); match != Match::kYes) return match;
  }
  if (const Match match = cursor.string(name); match != Match::kYes) return match;
  for (const std::string_view literal : {",", "\"arguments\"", ":"}) {
    if (const Match match = cursor.literal(literal); match != Match::kYes) return match;
  }
  return cursor.next('{');
}

struct WholeCall {
  std::string name;
  std::string arguments;
};

// A call whose fields come in another order, or whose arguments are a text of JSON.
std::optional<WholeCall> parse_call(std::string_view text) {
  const Result<OrderedJson> json = parse_ordered_json(text);
  if (!json || !json->is_object()) return std::nullopt;
  const auto name = json->find("name");
  const auto arguments = json->find("arguments");
  if (name == json->end() || !name->is_string()) return std::nullopt;
  WholeCall call = {name->get<std::string>(), "{}"};
  if (arguments == json->end() || arguments->is_null()) return call;
  call.arguments = arguments->is_string() ? arguments->get<std::string>() : arguments->dump();
  return call;
}

}  // namespace

ToolCallSplitter::Parts ToolCallSplitter::push(std::string_view text) {
  held_ += text;
  Parts parts;
  while (!held_.empty() && advance(parts)) {
  }
  return parts;
}

// True if the state has changed, so that the rest may mean more.
bool ToolCallSplitter::advance(Parts& parts) {
  switch (state_) {
    case State::kText:
      return leave_text(parts);
    case State::kCall:
      return leave_call(parts);
    case State::kArguments:
      return leave_arguments(parts);
    case State::kTail:
      return leave_tail();
  }
  return false;
}

bool ToolCallSplitter::leave_text(Parts& parts) {
  const size_t open = held_.find(kOpen);
  const bool found = open != std::string::npos;
  const size_t end = found ? std::string_view(held_).substr(0, open).find_last_not_of(kSpace) + 1
                           : certain_length(held_);
  parts.text += held_.substr(0, end);
  if (found) opening_ = held_.substr(end, open + kOpen.size() - end);
  held_.erase(0, found ? open + kOpen.size() : end);
  if (!found) return false;
  state_ = State::kCall;
  return true;
}

bool ToolCallSplitter::leave_call(Parts& parts) {
  Cursor cursor(held_);
  std::string name;
  const Match match = match_head(cursor, name);
  if (match == Match::kNeedsMore && held_.find(kClose) == std::string::npos) return false;
  if (match != Match::kYes) return take_whole_call(parts);
  held_.erase(0, cursor.position());
  parts.calls.push_back({num_calls_++, std::move(name), {}});
  depth_ = 0;
  in_string_ = is_escaped_ = false;
  state_ = State::kArguments;
  return true;
}

bool ToolCallSplitter::take_whole_call(Parts& parts) {
  const size_t close = held_.find(kClose);
  if (close == std::string::npos) return false;
  if (std::optional<WholeCall> call = parse_call(std::string_view(held_).substr(0, close))) {
    parts.calls.push_back({num_calls_++, std::move(call->name), std::move(call->arguments)});
  } else {
    parts.text += opening_ + held_.substr(0, close + kClose.size());
  }
  held_.erase(0, close + kClose.size());
  state_ = State::kText;
  return true;
}

bool ToolCallSplitter::leave_arguments(Parts& parts) {
  size_t end = 0;
  bool is_complete = false;
  while (end < held_.size() && !is_complete) {
    const char c = held_[end++];
    if (in_string_) {
      in_string_ = is_escaped_ || c != '"';
      is_escaped_ = !is_escaped_ && c == '\\';
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (c == '}' || c == ']') {
      is_complete = --depth_ == 0;
    }
  }
  parts.calls.push_back({num_calls_ - 1, {}, held_.substr(0, end)});
  held_.erase(0, end);
  if (is_complete) state_ = State::kTail;
  return is_complete;
}

bool ToolCallSplitter::leave_tail() {
  const size_t close = held_.find(kClose);
  if (close == std::string::npos) return false;
  held_.erase(0, close + kClose.size());
  state_ = State::kText;
  return true;
}

ToolCallSplitter::Parts ToolCallSplitter::finish() {
  Parts parts;
  if (state_ == State::kCall) {
    std::optional<WholeCall> call = parse_call(held_);
    if (call) {
      parts.calls.push_back({num_calls_++, std::move(call->name), std::move(call->arguments)});
    } else {
      parts.text = opening_ + held_;
    }
  } else if (state_ == State::kText) {
    const bool is_space = held_.find_first_not_of(kSpace) == std::string::npos;
    if (!is_space || num_calls_ == 0) parts.text = held_;
  }
  held_.clear();
  return parts;
}

}  // namespace youtu
