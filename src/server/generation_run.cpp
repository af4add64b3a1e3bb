#include "server/generation_run.h"

#include <algorithm>

namespace youtu {

std::vector<ChoiceDelta> GenerationRun::advance() {
  std::vector<ChoiceDelta> deltas;
  deltas.reserve(choices_.size());
  bool are_all_finished = true;
  for (ChoiceProgress& choice : choices_) {
    deltas.push_back(is_finished_ ? ChoiceDelta{} : choice.advance());
    are_all_finished &= choice.is_finished();
  }
  if (is_finished_) return deltas;
  for (const ChoiceProgress& choice : choices_) {
    const FinishReason reason = choice.last().finish_reason;
    if (reason == FinishReason::kError) end(choice.last().status);
    if (reason == FinishReason::kCancelled) end(Status::cancelled("the server is closing"));
    if (is_finished_) return deltas;
  }
  is_finished_ = are_all_finished;
  if (!is_finished_ && std::chrono::steady_clock::now() >= give_up_) {
    end(Status::resource_exhausted("the answer was not complete in time (request_timeout)",
                                   "request_timeout"));
  } else if (!is_finished_ && *is_cut_off_) {
    end({StatusCode::kUnavailable, "the server is closing", {}, "draining"});
  }
  return deltas;
}

void GenerationRun::end(Status error) {
  is_finished_ = true;
  error_ = std::move(error);
  for (ChoiceProgress& choice : choices_) choice.cancel();
}

Usage GenerationRun::usage() const {
  Usage sum;
  for (const ChoiceProgress& choice : choices_) {
    const Usage& usage = choice.last().usage;
    sum.prompt_tokens = std::max(sum.prompt_tokens, usage.prompt_tokens);
    sum.cached_tokens = std::max(sum.cached_tokens, usage.cached_tokens);
    sum.completion_tokens += usage.completion_tokens;
    sum.reasoning_tokens += usage.reasoning_tokens;
  }
  return sum;
}

}  // namespace youtu
