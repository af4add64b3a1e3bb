// Takes the calls of tools out of an answer as it grows: <tool_call>{"name": …, "arguments":
// {…}}</tool_call>, the form that the model's template asks for (and that vLLM calls "hermes").
//
// Text comes in pieces that may cut anything anywhere; the result does not depend on how. What
// could still become a tag is held back; arguments are given out as they come. A block that turns
// out to be no call before its name is known is text like any other.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace youtu {

// What a piece of text added to a call. The first of a call has its name.
struct ToolCallPart {
  size_t call = 0;   // the number of the call in the answer
  std::string name;  // of the first part; else empty
  std::string arguments;
};

class ToolCallSplitter {
 public:
  struct Parts {
    std::string text;
    std::vector<ToolCallPart> calls;
  };

  Parts push(std::string_view text);
  // What was held back; the answer has ended.
  Parts finish();
  size_t num_calls() const { return num_calls_; }

 private:
  enum class State {
    kText,
    kCall,       // after <tool_call>: up to the value of "arguments" all is kept
    kArguments,  // its value is given out as it comes
    kTail,       // after it: the rest of the object and the closing tag
  };
  bool advance(Parts& parts);
  bool leave_text(Parts& parts);
  bool leave_call(Parts& parts);
  bool take_whole_call(Parts& parts);
  bool leave_arguments(Parts& parts);
  bool leave_tail();

  State state_ = State::kText;
  std::string held_;
  std::string opening_;  // the tag that began the block, and the white space before it
  size_t num_calls_ = 0;
  // Inside the value of "arguments".
  int depth_ = 0;
  bool in_string_ = false;
  bool is_escaped_ = false;
};

}  // namespace youtu
