// What a server must know of a model that thinks before it answers.
#pragma once

#include <span>

#include "youtu/generation.h"
#include "youtu/tokenizer.h"
#include "youtu/types.h"

namespace youtu {

// Some templates open the thinking themselves, at the end of the prompt.
bool ends_in_open_thinking(const Tokenizer& tokenizer, std::span<const TokenId> prompt);

// By which the engine knows the thought behind this prompt.
ThoughtRules thought_rules(const Tokenizer& tokenizer, std::span<const TokenId> prompt);

// Control tokens are left out of a text; where the tags of a thought are such tokens they must stay
// in it, or the thought could not be told from the answer.
bool thinking_tags_are_control(const Tokenizer& tokenizer);

}  // namespace youtu
