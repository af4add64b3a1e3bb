// What a server must know of a model that thinks before it answers.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "youtu/generation.h"
#include "youtu/sampling_params.h"
#include "youtu/status.h"
#include "youtu/tokenizer.h"
#include "youtu/types.h"

namespace youtu {

// By which the engine knows the thought behind this prompt, and what it writes where its budget
// closes it.
ThoughtRules thought_rules(const Tokenizer& tokenizer, std::span<const TokenId> prompt,
                           std::string last_words = {});

// Who grants a thought no token wants none.
inline bool may_think(const SamplingParams& sampling) {
  return sampling.thinking_token_budget != 0;
}

// The preset of a request that names none: who asks for thoughts gets what the model's makers
// advise for them.
inline std::string_view preset_with_thinking(std::string_view preset, bool enable_thinking) {
  return enable_thinking && preset == "recommended" ? "recommended_thinking" : preset;
}

// reasoning_budget_message, llama-server's name for the last words. REQUIRES: `body` is an object.
Status read_last_words(const Json& body, std::string& last_words);

// Control tokens are left out of a text; where the tags of a thought are such tokens they must stay
// in it, or the thought could not be told from the answer.
bool thinking_tags_are_control(const Tokenizer& tokenizer);

}  // namespace youtu
