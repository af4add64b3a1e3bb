#include "server/start_choices.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "server/fresh_seed.h"

namespace youtu {

Status fit_answer(int64_t prompt_tokens, int64_t context_length, bool has_max_tokens,
                  const LengthNames& names, SamplingParams& sampling) {
  const int64_t room = context_length - prompt_tokens;
  if (room < 1) {
    return Status::invalid_argument(
        fmt::format("the prompt has {} tokens and the context {}, so there is no room for an "
                    "answer; shorten {}",
                    prompt_tokens, context_length, names.prompt),
        names.prompt, "context_length_exceeded");
  }
  if (!has_max_tokens) {
    sampling.max_new_tokens = room;
    return Status::ok();
  }
  if (sampling.max_new_tokens <= room) return Status::ok();
  return Status::invalid_argument(
      fmt::format("prompt {} tokens + {} {} > context {}; lower {} to {}", prompt_tokens,
                  names.max_tokens, sampling.max_new_tokens, context_length, names.max_tokens,
                  room),
      names.max_tokens, "context_length_exceeded");
}

Result<std::vector<ChoiceProgress>> start_choices(Engine& engine, const GenerationRequest& request,
                                                  int64_t count, const ChoiceRules& rules) {
  const uint64_t seed = request.sampling.seed.value_or(fresh_seed());
  std::vector<ChoiceProgress> choices;
  for (int64_t i = 0; i < count; ++i) {
    GenerationRequest one = request;
    one.sampling.seed = seed + static_cast<uint64_t>(i);
    Result<GenerationHandle> handle = engine.submit(std::move(one));
    RETURN_IF_ERROR(handle);
    choices.emplace_back(*std::move(handle), rules);
  }
  return choices;
}

}  // namespace youtu
