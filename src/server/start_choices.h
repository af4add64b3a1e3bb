// From a prompt to answers under way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/choice_progress.h"
#include "youtu/engine.h"
#include "youtu/generation.h"
#include "youtu/sampling_params.h"
#include "youtu/status.h"

namespace youtu {

// How an endpoint calls the two things that share the context.
struct LengthNames {
  std::string prompt = "messages";
  std::string max_tokens = "max_tokens";
};

// What an answer may take: all that the prompt leaves of the context where the request says
// nothing. An error names the numbers and what would fit, with reason "context_length_exceeded".
Status fit_answer(int64_t prompt_tokens, int64_t context_length, bool has_max_tokens,
                  const LengthNames& names, SamplingParams& sampling);

// `count` answers to one prompt. The first has the request's seed and each other the next one, so
// that they differ and can all be had again. If one is refused, none runs.
Result<std::vector<ChoiceProgress>> start_choices(Engine& engine, const GenerationRequest& request,
                                                  int64_t count, const ChoiceRules& rules);

}  // namespace youtu
