#include "completion.h"

#include <chrono>
#include <utility>

namespace youtu {
namespace {

// How soon an interruption is noticed while no text comes.
constexpr std::chrono::milliseconds kInterruptionInterval{100};

}  // namespace

Result<Completion> run_request(Engine& engine, GenerationRequest request,
                               const std::function<void(std::string_view)>& on_text,
                               const std::function<bool()>& is_interrupted) {
  Result<GenerationHandle> handle = engine.submit(std::move(request));
  if (!handle) return handle.status();
  Completion completion;
  while (completion.finish_reason == FinishReason::kNone) {
    if (is_interrupted()) handle->cancel();
    const std::optional<GenerationEvent> event = handle->wait_next(kInterruptionInterval);
    if (!event) continue;
    if (event->finish_reason == FinishReason::kError) return event->status;
    if (!event->text.empty()) {
      on_text(event->text);
      completion.text += event->text;
    }
    completion.finish_reason = event->finish_reason;
    completion.usage = event->usage;
    completion.timings = event->timings;
  }
  return completion;
}

}  // namespace youtu
