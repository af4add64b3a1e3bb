// Runs one request to its end and hands its text on as it comes.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "youtu/engine.h"
#include "youtu/generation.h"
#include "youtu/status.h"

namespace youtu {

struct Completion {
  std::string text;
  FinishReason finish_reason = FinishReason::kNone;
  Usage usage;
  RequestTimings timings;
};

// `on_text` gets each piece of text; whole characters only. `is_interrupted` is asked several times
// a second; once it says yes, the request is cancelled and what there is by then is the completion.
Result<Completion> run_request(Engine& engine, GenerationRequest request,
                               const std::function<void(std::string_view)>& on_text,
                               const std::function<bool()>& is_interrupted);

}  // namespace youtu
