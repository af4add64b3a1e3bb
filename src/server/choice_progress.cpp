#include "server/choice_progress.h"

#include <optional>

namespace youtu {

ChoiceDelta ChoiceProgress::advance() {
  ChoiceDelta delta;
  while (!is_finished()) {
    std::optional<GenerationEvent> event = handle_.try_next();
    if (!event) break;
    take(*std::move(event), delta);
  }
  return delta;
}

void ChoiceProgress::take(GenerationEvent event, ChoiceDelta& delta) {
  delta.tokens.insert(delta.tokens.end(), event.tokens.begin(), event.tokens.end());
  delta.logprobs.insert(delta.logprobs.end(), event.logprobs.begin(), event.logprobs.end());
  if (rules_.splits_reasoning) {
    add(reasoning_splitter_.push(event.text), delta);
  } else {
    add_text(event.text, delta);
  }
  if (event.finish_reason == FinishReason::kNone) return;
  if (rules_.splits_reasoning) add(reasoning_splitter_.finish(), delta);
  if (rules_.splits_calls) append(call_splitter_.finish(), delta);
  last_ = std::move(event);
}

void ChoiceProgress::add(const ReasoningSplitter::Parts& parts, ChoiceDelta& delta) {
  delta.reasoning += parts.reasoning;
  add_text(parts.response, delta);
}

void ChoiceProgress::add_text(const std::string& text, ChoiceDelta& delta) {
  if (rules_.splits_calls) {
    append(call_splitter_.push(text), delta);
  } else {
    delta.text += text;
  }
}

void ChoiceProgress::append(ToolCallSplitter::Parts parts, ChoiceDelta& delta) {
  delta.text += parts.text;
  for (ToolCallPart& part : parts.calls) delta.calls.push_back(std::move(part));
}

}  // namespace youtu
