// Takes a completion apart, as it grows, into what the model thought and what it answers.
//
// A thinking model writes <think>…</think> before its answer. Text comes in pieces that may cut a
// tag anywhere; what could still become a tag is held back.
#pragma once

#include <string>
#include <string_view>

namespace youtu {

class ReasoningSplitter {
 public:
  struct Parts {
    std::string response;
    std::string reasoning;
  };

  // `starts_open`: the prompt already ended with <think>.
  explicit ReasoningSplitter(bool starts_open)
      : state_(starts_open ? State::kOpening : State::kBefore) {}

  Parts push(std::string_view text);
  // What was held back; the completion has ended.
  Parts finish();
  bool has_reasoning() const { return state_ != State::kBefore && state_ != State::kPlain; }

 private:
  enum class State {
    kBefore,   // a tag may follow
    kOpening,  // after <think>, before the first character that is no line break
    kInside,
    kClosing,  // after </think>, before the first character of the answer
    kAnswer,
    kPlain,  // there was no tag
  };
  bool advance(Parts& parts);
  bool leave_before(Parts& parts);
  bool leave_inside(Parts& parts);

  State state_;
  std::string held_;
};

}  // namespace youtu
