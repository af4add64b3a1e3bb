// One answer on its way: the events of a request, taken apart into thought, text, calls of tools,
// and logprobs.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "server/reasoning_splitter.h"
#include "server/tool_call_splitter.h"
#include "youtu/generation.h"

namespace youtu {

// What came since the last look.
struct ChoiceDelta {
  std::string reasoning;
  std::string text;
  std::vector<ToolCallPart> calls;
  std::vector<TokenId> tokens;
  std::vector<TokenLogprobs> logprobs;

  bool is_empty() const {
    return reasoning.empty() && text.empty() && calls.empty() && tokens.empty();
  }
};

struct ChoiceRules {
  bool starts_in_reasoning = false;  // the prompt ended with an open thought
  bool splits_reasoning = true;      // else tags of thoughts are text
  bool splits_calls = false;
};

class ChoiceProgress {
 public:
  ChoiceProgress(GenerationHandle handle, const ChoiceRules& rules)
      : handle_(std::move(handle)), rules_(rules), reasoning_splitter_(rules.starts_in_reasoning) {}

  // Never blocks.
  ChoiceDelta advance();
  void cancel() { handle_.cancel(); }

  bool is_finished() const { return last_.finish_reason != FinishReason::kNone; }
  // The last event; its finish reason is kNone until there is one.
  const GenerationEvent& last() const { return last_; }
  bool has_calls() const { return call_splitter_.num_calls() > 0; }

 private:
  void take(GenerationEvent event, ChoiceDelta& delta);
  void add(const ReasoningSplitter::Parts& parts, ChoiceDelta& delta);
  void add_text(const std::string& text, ChoiceDelta& delta);
  static void append(ToolCallSplitter::Parts parts, ChoiceDelta& delta);

  GenerationHandle handle_;
  ChoiceRules rules_;
  ReasoningSplitter reasoning_splitter_;
  ToolCallSplitter call_splitter_;
  GenerationEvent last_;
};

}  // namespace youtu
